#include "daemon/kernel_bpf/map/data_section.h"

#include <linux/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/type_layout.h"
#include "daemon/kernel_bpf/map/map_dump.h"
#include "daemon/kernel_bpf/map/map_write.h"

namespace bpfrig::kernel_bpf {
namespace {

const std::string& OnlyKey() {
  static const auto& key = *new std::string(sizeof(uint32_t), '\0');
  return key;
}

absl::Status ReadOnly(const Map& section) {
  return base::WithHint(
      base::WithObject(base::KernelError(-EPERM, absl::StrCat("writing to ", section.name())),
                       section.name()),
      "read-only data is frozen once loaded: set it with the globals of load");
}

}  // namespace

std::vector<Variable> VariablesOf(const Map& section) {
  std::vector<Variable> variables;
  if (!section.IsDataSection() || !section.value_type()) return variables;
  for (const Member& member : MembersOf(Strip(*section.value_type()))) {
    variables.push_back({std::string(member.name), member.type, member.bit_offset / 8});
  }
  return variables;
}

absl::StatusOr<std::string> ReadSection(const Map& section) {
  BPFRIG_ASSIGN_OR_RETURN(const std::optional<MapEntry> held, LookupMap(section, OnlyKey()));
  if (!held) return base::MakeError(base::Reason::kInternal, absl::StrCat(section.name(), " has no value"));
  return held->value;
}

absl::StatusOr<SectionWriter> SectionWriter::Open(const Map& section) {
  if (absl::StartsWith(section.name(), ".rodata")) return ReadOnly(section);
  SectionWriter writer(section);
  if ((section.info().flags & BPF_F_MMAPABLE) == 0) {
    BPFRIG_ASSIGN_OR_RETURN(writer.copy_, ReadSection(section));
    return writer;
  }
  const size_t size = section.info().value_size;
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, section.fd(), 0);
  if (memory == MAP_FAILED) return base::ErrnoError(absl::StrCat("mapping the memory of ", section.name()));
  writer.memory_ = {static_cast<char*>(memory), size};
  return writer;
}

SectionWriter::~SectionWriter() {
  if (memory_.empty()) return;
  if (::munmap(memory_.data(), memory_.size()) != 0) {
    base::LogWarning(base::ErrnoError("unmapping a section of data").message());
  }
}

absl::Status SectionWriter::Write(size_t offset, const Encoded& value) {
  const absl::Span<char> target = memory_.empty() ? absl::MakeSpan(copy_) : memory_;
  if (offset > target.size() || value.bytes.size() > target.size() - offset) {
    return base::MakeError(base::Reason::kBadObject,
                           absl::StrCat("a variable of ", section_->name(), " is outside of it"));
  }
  for (size_t i = 0; i < value.bytes.size();) {
    const size_t whole = std::min(value.mask.find_first_not_of('\xff', i), value.mask.size()) - i;
    // At once, so that no program sees half of a number.
    std::memcpy(&target[offset + i], &value.bytes[i], whole);
    i += whole;
    if (i == value.bytes.size()) break;
    char& byte = target[offset + i];
    byte = static_cast<char>((byte & ~value.mask[i]) | (value.bytes[i] & value.mask[i]));
    ++i;
  }
  if (!memory_.empty()) return absl::OkStatus();
  MapChange change;
  change.key = OnlyKey();
  change.value = copy_;
  WriteProgress progress;
  return WriteMap(*section_, {&change, 1}, BatchMode::kElement, progress);
}

}  // namespace bpfrig::kernel_bpf
