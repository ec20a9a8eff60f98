// A rehearsal of loading an object: libbpf relocates it as it would, and nothing of it gets into the kernel.
// What the programs' instructions are then is what the kernel would be given, so that is what is judged.
// ObjectLoader rehearses before it loads.
#pragma once

#include <string>

struct bpf_object;

namespace bpfrig::kernel_bpf {

struct Rehearsed {
  // 0 if the programs are relocated; otherwise what kept libbpf from that, negative, and what it said.
  int error = 0;
  std::string libbpf_output;
};

// `object` is open and not loaded; it shares no map. Afterwards its instructions can be read, and it is good
// for nothing else.
[[nodiscard]] Rehearsed Rehearse(struct bpf_object* object);

}  // namespace bpfrig::kernel_bpf
