#include "client/mutate/verdicts.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/plan/fields/return_words.h"

namespace bpfrig::client::mutate {
namespace {

// Zero refuses, and anything else lets pass.
bool IsCgroupType(absl::string_view type) { return absl::StartsWith(type, "cgroup_"); }
bool IsSocketType(absl::string_view type) {
  return type == "sk_lookup" || type == "sk_skb" || type == "sk_msg" || type == "sk_reuseport";
}

// Of types with a number for passing and one for dropping.
struct Pair {
  int32_t pass;
  int32_t drop;
};
std::optional<Pair> PairOf(absl::string_view type) {
  if (type == "xdp") return Pair{2, 1};
  if (type == "sched_cls" || type == "sched_act" || type == "flow_dissector" ||
      absl::StartsWith(type, "lwt_"))
    return Pair{0, 2};
  if (IsSocketType(type) || IsCgroupType(type)) return Pair{1, 0};
  // A socket filter returns how many bytes to keep.
  if (type == "socket_filter") return Pair{-1, 0};
  return std::nullopt;
}

}  // namespace

std::optional<int32_t> OtherVerdict(absl::string_view program_type, int32_t value) {
  const std::optional<Pair> pair = PairOf(program_type);
  if (!pair) return std::nullopt;
  // Of values that only mean not to drop, the other one is to drop; XDP_DROP and XDP_ABORTED both drop.
  const bool drops = value == pair->drop || (program_type == "xdp" && value < pair->pass);
  return drops ? pair->pass : pair->drop;
}

std::string NameOfVerdict(absl::string_view program_type, int32_t value) {
  const absl::string_view name = plan::NameOfReturn(program_type, static_cast<uint32_t>(value));
  if (!name.empty()) return std::string(name);
  if (IsCgroupType(program_type)) return absl::StrCat(value, value == 0 ? " (deny)" : " (allow)");
  return absl::StrCat(value);
}

}  // namespace bpfrig::client::mutate
