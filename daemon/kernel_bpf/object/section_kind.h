// What the name of a section says of the programs in it.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <optional>
#include <string>

namespace bpfrig::kernel_bpf {

struct ProgramKind {
  enum bpf_prog_type type = BPF_PROG_TYPE_UNSPEC;
  enum bpf_attach_type attach_type = BPF_CGROUP_INET_INGRESS;
};

// As libbpf reads it; or, of a section that this libbpf is too old for, as later ones do; or, as other
// loaders write them, with anything behind a '/', '-' or '_': "tc/prog_a", "xdp-prog1", "cgroup/connect4/lb".
// Nothing for a name that tells no type.
[[nodiscard]] std::optional<ProgramKind> KindOfSection(const std::string& section);

// iproute2's section ID/SLOT, whose program goes into that slot of the program array with that id.
struct ArraySlot {
  uint32_t array_id = 0;
  uint32_t slot = 0;
};
[[nodiscard]] std::optional<ArraySlot> ArraySlotOfSection(const std::string& section);

// A section of another loader that tells no type without it.
struct LoaderSection {
  // The loader, and what it does with such a section.
  std::string meaning;
  // The section that tells the type which it would have there.
  std::string type;
};
// Nothing for a section of no loader that we know.
[[nodiscard]] std::optional<LoaderSection> SectionOfLoader(const std::string& section);

// The sentence about one that tells no type, though a plan says that it does.
[[nodiscard]] std::string UnknownSection(const std::string& section);

// A section that would tell the type of a program in `section`: the nearest one.
[[nodiscard]] std::string SectionNear(const std::string& section);

}  // namespace bpfrig::kernel_bpf
