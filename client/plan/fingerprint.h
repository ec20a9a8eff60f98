// A number for everything that a test's outcome depends on, the same in every process: it tells whether plan
// or objects have changed since a run before. The plan reader makes it.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "client/plan/plan.h"
#include "client/plan/yaml/node.h"

namespace bpfrig::client::plan {

class Fingerprint {
 public:
  // FNV-1a. Each piece with its length, so that no two rows of pieces run into one.
  void Add(absl::string_view text);
  void Add(const Node& node);
  void Add(const std::vector<Marked<std::string>>& names);
  // The objects that the steps load.
  void Add(const std::vector<Step>& steps);

  [[nodiscard]] uint64_t value() const { return value_; }

 private:
  void AddBytes(absl::string_view bytes);

  uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace bpfrig::client::plan
