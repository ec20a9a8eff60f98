// Where something stands in a plan file, and what is wrong there. Readers collect problems instead of
// stopping at the first: whoever reads a plan gets all of its mistakes at once.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace bpfrig::client::plan {

// A place in a plan file; lines and columns count from 1.
struct Mark {
  std::shared_ptr<const std::string> file;
  int line = 1;
  int column = 1;
};

// "plans/a.yaml:3:7".
[[nodiscard]] std::string ToString(const Mark& mark);

struct Problem {
  Mark mark;
  // What was wrong, and what was expected.
  std::string message;
};

// "plans/a.yaml:3:7: message".
[[nodiscard]] std::string ToString(const Problem& problem);

class Problems {
 public:
  // A test that is expanded by `each:` is read once per row: the same complaint at the same place counts
  // once.
  void Add(const Mark& mark, std::string message);
  [[nodiscard]] bool Empty() const { return problems_.empty(); }
  // How often something was complained of, the same again counted too: more than before means that what was
  // read meanwhile is bad.
  [[nodiscard]] size_t Count() const { return complaints_; }
  // By file, in the order of its lines.
  [[nodiscard]] std::vector<Problem> Sorted() const;

 private:
  std::vector<Problem> problems_;
  size_t complaints_ = 0;
};

// Those of `some` that are in `others` as well.
[[nodiscard]] std::vector<Problem> InBoth(std::vector<Problem> some, const std::vector<Problem>& others);

}  // namespace bpfrig::client::plan
