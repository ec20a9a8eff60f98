// The tables of docs/reference.md, made from the schema, the reader's tags and the API's comments.
#pragma once

#include <string>

namespace bpfrig::tests {

// `attach_types` is the page of that name, whose table is grouped here by places.
[[nodiscard]] std::string ReferenceTables(const std::string& attach_types);

// The setting that tells editors of tags.
[[nodiscard]] std::string EditorSettings();

}  // namespace bpfrig::tests
