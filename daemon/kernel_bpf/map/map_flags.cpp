#include "daemon/kernel_bpf/map/map_flags.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/near_names.h"
#include "common/number.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

struct NamedFlag {
  absl::string_view name;
  uint32_t bit;
};

// As in linux/bpf.h, whose older versions lack the later ones.
constexpr NamedFlag kFlags[] = {
    {"BPF_F_NO_PREALLOC", 1U << 0},   {"BPF_F_NO_COMMON_LRU", 1U << 1},
    {"BPF_F_NUMA_NODE", 1U << 2},     {"BPF_F_RDONLY", 1U << 3},
    {"BPF_F_WRONLY", 1U << 4},        {"BPF_F_STACK_BUILD_ID", 1U << 5},
    {"BPF_F_ZERO_SEED", 1U << 6},     {"BPF_F_RDONLY_PROG", 1U << 7},
    {"BPF_F_WRONLY_PROG", 1U << 8},   {"BPF_F_CLONE", 1U << 9},
    {"BPF_F_MMAPABLE", 1U << 10},     {"BPF_F_PRESERVE_ELEMS", 1U << 11},
    {"BPF_F_INNER_MAP", 1U << 12},    {"BPF_F_LINK", 1U << 13},
    {"BPF_F_PATH_FD", 1U << 14},      {"BPF_F_VTYPE_BTF_OBJ_FD", 1U << 15},
    {"BPF_F_TOKEN_FD", 1U << 16},     {"BPF_F_SEGV_ON_FAULT", 1U << 17},
    {"BPF_F_NO_USER_CONV", 1U << 18},
};

}  // namespace

absl::StatusOr<uint32_t> MapFlag(absl::string_view word) {
  uint64_t number = 0;
  if (common::ParseNumber(word, number) == common::NumberKind::kUnsigned) {
    if (number <= UINT32_MAX) return static_cast<uint32_t>(number);
    return base::MakeError(base::Reason::kOutOfRange, absl::StrCat("a map has 32 flags, not ", word));
  }
  std::vector<std::string> names;
  for (const NamedFlag& flag : kFlags) {
    if (flag.name == word) return flag.bit;
    names.emplace_back(flag.name);
  }
  return base::MakeError(base::Reason::kUnknownName,
                         absl::StrCat("there is no map flag \"", word, "\"", common::DidYouMean(word, names),
                                      "; flags: ", absl::StrJoin(names, ", "), ", or a number"));
}

std::string MapFlagWords(uint32_t flags) {
  std::vector<std::string> words;
  for (const NamedFlag& flag : kFlags) {
    if ((flags & flag.bit) != 0) words.emplace_back(flag.name);
    flags &= ~flag.bit;
  }
  if (flags != 0) words.push_back(absl::StrFormat("0x%x", flags));
  return words.empty() ? "none" : absl::StrJoin(words, "|");
}

}  // namespace bpfrig::kernel_bpf
