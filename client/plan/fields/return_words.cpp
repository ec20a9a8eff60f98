#include "client/plan/fields/return_words.h"

#include <algorithm>

namespace bpfrig::client::plan {
namespace {

// The names that one kind of programs has, and its types.
struct Family {
  std::vector<absl::string_view> program_types;
  std::vector<ReturnWord> words;
};

// <linux/bpf.h> and <linux/pkt_cls.h>.
const std::vector<Family>& Families() {
  constexpr uint32_t kMinusOne = UINT32_MAX;
  static const auto* families = new std::vector<Family>{
      {{"xdp"}, {{"XDP_ABORTED", 0}, {"XDP_DROP", 1}, {"XDP_PASS", 2}, {"XDP_TX", 3}, {"XDP_REDIRECT", 4}}},
      {{"sched_cls", "sched_act"},
       {{"TC_ACT_UNSPEC", kMinusOne},
        {"TC_ACT_OK", 0},
        {"TC_ACT_RECLASSIFY", 1},
        {"TC_ACT_SHOT", 2},
        {"TC_ACT_PIPE", 3},
        {"TC_ACT_STOLEN", 4},
        {"TC_ACT_QUEUED", 5},
        {"TC_ACT_REPEAT", 6},
        {"TC_ACT_REDIRECT", 7},
        {"TC_ACT_TRAP", 8},
        {"TCX_NEXT", kMinusOne},
        {"TCX_PASS", 0},
        {"TCX_DROP", 2},
        {"TCX_REDIRECT", 7}}},
      {{"sk_lookup", "sk_skb", "sk_msg", "sk_reuseport"}, {{"SK_DROP", 0}, {"SK_PASS", 1}}},
      {{"lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"},
       {{"BPF_OK", 0}, {"BPF_DROP", 2}, {"BPF_REDIRECT", 7}, {"BPF_LWT_REROUTE", 128}}},
      {{"flow_dissector"}, {{"BPF_OK", 0}, {"BPF_DROP", 2}, {"BPF_FLOW_DISSECTOR_CONTINUE", 129}}},
  };
  return *families;
}

const ReturnWord* FindIn(const Family& family, absl::string_view name) {
  const auto found = std::find_if(family.words.begin(), family.words.end(),
                                  [&](const ReturnWord& word) { return name == word.name; });
  return found == family.words.end() ? nullptr : &*found;
}

const Family* FamilyOf(absl::string_view program_type) {
  for (const Family& family : Families()) {
    const auto& types = family.program_types;
    if (std::find(types.begin(), types.end(), program_type) != types.end()) return &family;
  }
  return nullptr;
}

}  // namespace

const ReturnWord* FindReturnWord(absl::string_view name) {
  for (const Family& family : Families()) {
    if (const ReturnWord* word = FindIn(family, name)) return word;
  }
  return nullptr;
}

std::vector<std::string> ReturnWordNames() {
  std::vector<std::string> names;
  for (const Family& family : Families()) {
    for (const ReturnWord& word : family.words) names.emplace_back(word.name);
  }
  return names;
}

bool ReturnsWord(absl::string_view program_type, absl::string_view name) {
  const Family* family = FamilyOf(program_type);
  return family != nullptr && FindIn(*family, name) != nullptr;
}

absl::string_view NameOfReturn(absl::string_view program_type, uint32_t value) {
  const Family* family = FamilyOf(program_type);
  if (family == nullptr) return "";
  const auto found = std::find_if(family->words.begin(), family->words.end(),
                                  [&](const ReturnWord& word) { return word.value == value; });
  return found == family->words.end() ? "" : found->name;
}

}  // namespace bpfrig::client::plan
