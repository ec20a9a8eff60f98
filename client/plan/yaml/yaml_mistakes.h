// What is most likely wrong with text that is not YAML: the parser tells where it gave up, which is often far
// from the mistake. yaml_reader.h asks.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::client::plan {

struct YamlMistake {
  // From 1.
  int line = 1;
  int column = 1;
  std::string message;
};

// `said` is the parser's own message and place, and what is returned if nothing better is known.
[[nodiscard]] YamlMistake FindYamlMistake(absl::string_view text, YamlMistake said);

}  // namespace bpfrig::client::plan
