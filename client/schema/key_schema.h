// The schema of the plan reader's own keys, by what they take (client/plan/fields/keys.h).
#pragma once

#include "client/plan/fields/keys.h"
#include "client/schema/json.h"

namespace bpfrig::client::schema {

[[nodiscard]] Json KeySchema(const plan::Key& key);
// A mapping of all keys of a table.
[[nodiscard]] Json KeysSchema(const plan::KeyTable& table);

}  // namespace bpfrig::client::schema
