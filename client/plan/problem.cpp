#include "client/plan/problem.h"

#include <algorithm>
#include <tuple>
#include <utility>

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
  return absl::StrCat(ToString(problem.mark), ": ", problem.message);
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

}  // namespace bpfrig::client::plan
