#include "daemon/kernel_bpf/libbpf/near_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr size_t kMostNames = 24;

// How many letters must change to make one of the other.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NamesNear(absl::string_view wanted, std::vector<std::string> names) {
  std::vector<std::pair<size_t, std::string>> ranked;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (std::string& name : names) {
    // Only a name that is really near goes to the front.
    size_t distance = Distance(wanted.substr(0, 64), absl::string_view(name).substr(0, 64));
    size_t rank = distance <= 1 + wanted.size() / 3 ? distance : 100;
    ranked.emplace_back(rank, std::move(name));
  }
  if (ranked.empty()) return "none";
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  size_t all = ranked.size();
  if (all > kMostNames) ranked.resize(kMostNames);
  std::string text =
      absl::StrJoin(ranked, ", ", [](std::string* out, const auto& entry) { out->append(entry.second); });
  if (all > kMostNames) absl::StrAppend(&text, ", ... (", all, " in all)");
  return text;
}

}  // namespace bpfrig::kernel_bpf
