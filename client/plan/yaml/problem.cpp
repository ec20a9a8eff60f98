#include "client/plan/yaml/problem.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace bpfrig::client::plan {
namespace {

auto Place(const Mark& mark) {
  static const std::string kNowhere;
  return std::tie(mark.file ? *mark.file : kNowhere, mark.line, mark.column);
}

}  // namespace

std::string ToString(const Mark& mark) {
  return absl::StrCat(mark.file ? *mark.file : "?", ":", mark.line, ":", mark.column);
}

std::string ToString(const Problem& problem) {
  std::string text = absl::StrCat(ToString(problem.mark), ": ");
  for (const char c : problem.message) {
    // What a plan has in it may be quoted, and a terminal must not obey it.
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      absl::StrAppend(&text, "\\x", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      text += c;
    }
  }
  return text;
}

void Problems::Add(const Mark& mark, std::string message) {
  ++complaints_;
  for (const Problem& known : problems_) {
    if (Place(known.mark) == Place(mark) && known.message == message) return;
  }
  problems_.push_back({mark, std::move(message)});
}

std::vector<Problem> Problems::Sorted() const {
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Problem& a, const Problem& b) { return Place(a.mark) < Place(b.mark); });
  return sorted;
}

std::vector<Problem> InBoth(std::vector<Problem> some, const std::vector<Problem>& others) {
  const auto is_alone = [&](const Problem& problem) {
    return std::none_of(others.begin(), others.end(),
                        [&](const Problem& other) { return ToString(other) == ToString(problem); });
  };
  some.erase(std::remove_if(some.begin(), some.end(), is_alone), some.end());
  return some;
}

}  // namespace bpfrig::client::plan
