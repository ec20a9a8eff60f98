#include "common/near_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bpfrig::common {
namespace {

// Longer texts are not mistyped words.
constexpr size_t kMaxWord = 64;

// Insertions, deletions and changes that make one word the other, whatever the case of its letters.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const bool is_same = absl::ascii_tolower(static_cast<unsigned char>(a[i])) ==
                           absl::ascii_tolower(static_cast<unsigned char>(b[j]));
      const size_t changed = diagonal + (is_same ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({changed, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

std::string Nearest(absl::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kMaxWord) return "";
  const std::string* nearest = nullptr;
  size_t least = std::max(std::min<size_t>(2, (word.size() + 1) / 2), word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = Distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = &candidate;
  }
  return nearest == nullptr ? "" : *nearest;
}

std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known) {
  const std::string nearest = Nearest(word, known);
  return nearest.empty() ? "" : absl::StrCat(" (did you mean \"", nearest, "\"?)");
}

std::string NamesNear(absl::string_view wanted, std::vector<std::string> names, size_t most) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty()) return "none";
  std::vector<std::pair<size_t, std::string>> ranked;
  for (std::string& name : names) {
    // Only a name that is really near goes to the front.
    const size_t distance = Distance(wanted.substr(0, kMaxWord), absl::string_view(name).substr(0, kMaxWord));
    ranked.emplace_back(distance <= 1 + wanted.size() / 3 ? distance : SIZE_MAX, std::move(name));
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const size_t all = ranked.size();
  if (all > most) ranked.resize(most);
  std::string text =
      absl::StrJoin(ranked, ", ", [](std::string* out, const auto& entry) { out->append(entry.second); });
  if (all > most) absl::StrAppend(&text, ", ... (", all, " in all)");
  return text;
}

}  // namespace bpfrig::common
