// The JSON schema (draft-07) of plans and of the files that they include: `bpfrig schema` prints it for
// editors, and the page of reference is made from it. It allows what the reader does, and more: an editor's
// YAML has no tags, and values have no types before an object is there.
#pragma once

#include "client/schema/json.h"

namespace bpfrig::client::schema {

[[nodiscard]] Json PlanSchema();
// The same as editors are to have it: what is required may also come from the mapping that `<<` adds.
[[nodiscard]] Json SchemaForEditors();

// What yaml-language-server is to be told of tags, as its setting yaml.customTags.
[[nodiscard]] Json CustomTags();

}  // namespace bpfrig::client::schema
