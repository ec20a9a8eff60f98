// Small things that C++ needs for libbpf's C interface: an owner for struct bpf_object, and zeroed option
// structs.
#pragma once

#include <cstring>
#include <memory>

struct bpf_object;

namespace bpfrig::kernel_bpf {

struct CloseObject {
  void operator()(struct bpf_object* object) const;
};
using ObjectHandle = std::unique_ptr<struct bpf_object, CloseObject>;

// Instead of LIBBPF_OPTS, which is not C++. Padding is zeroed too: libbpf looks at it.
template <typename Options>
[[nodiscard]] Options LibbpfOptions() {
  Options options;
  std::memset(&options, 0, sizeof(options));
  options.sz = sizeof(options);
  return options;
}

}  // namespace bpfrig::kernel_bpf
