// KernelFunctions: the names of the running kernel's functions, by the BTF ids that programs call them by.
// Read when the first question comes: parsing the kernel's BTF takes tens of milliseconds.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

struct btf;

namespace bpfrig::kernel_bpf {

class KernelFunctions {
 public:
  // Of the running kernel.
  KernelFunctions() = default;
  // Of any BTF, which it takes over.
  explicit KernelFunctions(struct btf* btf) : was_read_(true), btf_(btf) {}

  // Nothing if there is no function of that id, or if the kernel's BTF cannot be read.
  [[nodiscard]] std::optional<std::string> NameOf(int32_t id);
  // Whether there is a function of that name.
  [[nodiscard]] bool Has(absl::string_view name);
  // Those that are open to programs, by name, as their declaration tags say; none on kernels built without
  // these (before 6.11).
  [[nodiscard]] std::map<std::string, int32_t> Kfuncs();
  // Null if it cannot be read. Valid for as long as this is.
  [[nodiscard]] const struct btf* btf();

 private:
  struct FreeBtf {
    void operator()(struct btf* btf) const;
  };
  bool was_read_ = false;
  std::unique_ptr<struct btf, FreeBtf> btf_;
};

}  // namespace bpfrig::kernel_bpf
