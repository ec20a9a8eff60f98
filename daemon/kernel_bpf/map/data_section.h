// Global variables of an object that is in the kernel: where they are, and writing them while programs run.
// SetGlobals and ReadGlobals use it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/map/map.h"

namespace bpfrig::kernel_bpf {

// A variable: a place in the one value of a section's map.
struct Variable {
  std::string name;
  TypeRef type;
  size_t offset = 0;
};
// All that BTF lists, static ones too; none if the map is not a section of data.
[[nodiscard]] std::vector<Variable> VariablesOf(const Map& section);

// What the section holds now.
[[nodiscard]] absl::StatusOr<std::string> ReadSection(const Map& section);

// The memory of one section while it is written to.
class SectionWriter {
 public:
  // KERNEL_REFUSED with EPERM for read-only data, which is frozen once loaded. Borrows the map.
  [[nodiscard]] static absl::StatusOr<SectionWriter> Open(const Map& section);

  SectionWriter(SectionWriter&& other) noexcept
      : section_(other.section_), memory_(std::exchange(other.memory_, {})), copy_(std::move(other.copy_)) {}
  SectionWriter& operator=(SectionWriter&& other) noexcept {
    std::swap(section_, other.section_);
    std::swap(memory_, other.memory_);
    std::swap(copy_, other.copy_);
    return *this;
  }
  ~SectionWriter();

  // Changes only the bits that the value says something about: programs may be changing their neighbours.
  [[nodiscard]] absl::Status Write(size_t offset, const Encoded& value);

 private:
  explicit SectionWriter(const Map& section) : section_(&section) {}

  const Map* section_;
  // The map's own memory, or, if the kernel does not map it, a copy.
  absl::Span<char> memory_;
  std::string copy_;
};

}  // namespace bpfrig::kernel_bpf
