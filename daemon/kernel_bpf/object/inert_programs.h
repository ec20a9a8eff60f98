// Inert programs: ones of the same type, loaded in the place of some of an object's, that do nothing and let
// everything pass. A test that passes all the same shows nothing about the programs that are missing.
// ObjectLoader has them loaded.
#pragma once

#include <linux/bpf.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/kernel_bpf/object/load_hooks.h"

struct bpf_object;

namespace bpfrig::kernel_bpf {

// Has the hooks change the programs of these names. `object` is open as the one to load will be: its programs
// have their types. UNKNOWN_NAME if it lacks one of the names; UNSUPPORTED for a type of which it is not
// known what lets things pass.
[[nodiscard]] absl::Status MakeInert(struct bpf_object* object, const std::vector<std::string>& names,
                                     LoadHooks& hooks);

// The whole program; empty for a type that it is not known of.
[[nodiscard]] std::vector<struct bpf_insn> InertInstructions(enum bpf_prog_type type,
                                                             enum bpf_attach_type attach_type);

}  // namespace bpfrig::kernel_bpf
