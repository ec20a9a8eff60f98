#include "daemon/kernel_bpf/btf/btf_ext.h"

#include <linux/bpf.h>
#include <linux/btf.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr uint32_t kInstructionBytes = 8;
// As libbpf's headers keep it to themselves: magic, version, flags, the header's length, and then offset and
// length of each kind of information.
constexpr size_t kKindsAt = 8;
constexpr size_t kKindBytes = 8;
// Those after the first, which is about functions.
constexpr size_t kLines = 1;
constexpr size_t kRelocations = 2;
// The size of their records as the first compilers wrote them; later ones may write more.
constexpr size_t kLeastLine = 16;
constexpr size_t kLeastRelocation = 16;
// Each kind begins with the size of its records, and each of its sections with a name and a count.
constexpr size_t kSectionBytes = 8;

uint32_t Word(absl::string_view bytes, size_t place) {
  uint32_t word = 0;
  std::memcpy(&word, bytes.data() + place, sizeof(word));
  return word;
}

absl::Status BrokenExt(absl::string_view why) {
  return base::WithHint(
      base::MakeError(base::Reason::kBadObject, absl::StrCat("the object's .BTF.ext is broken: ", why)),
      "compile it again: no compiler writes that");
}

LineRecord ReadRecord(absl::string_view bytes, const LineRecord* /*kind*/) {
  const uint32_t place = Word(bytes, 12);
  return {Word(bytes, 0) / kInstructionBytes, Word(bytes, 4), Word(bytes, 8), BPF_LINE_INFO_LINE_NUM(place),
          BPF_LINE_INFO_LINE_COL(place)};
}

RelocationRecord ReadRecord(absl::string_view bytes, const RelocationRecord* /*kind*/) {
  return {Word(bytes, 0) / kInstructionBytes};
}

template <typename Record>
absl::Status ReadKind(absl::string_view kind, size_t least, std::vector<RecordsOfSection<Record>>& sections) {
  if (kind.empty()) return absl::OkStatus();
  if (kind.size() < sizeof(uint32_t)) return BrokenExt("it is cut short");
  const size_t record_bytes = Word(kind, 0);
  if (record_bytes < least) return BrokenExt(absl::StrCat("its records have ", record_bytes, " bytes"));
  kind.remove_prefix(sizeof(uint32_t));
  while (!kind.empty()) {
    if (kind.size() < kSectionBytes) return BrokenExt("a section's records are cut short");
    const size_t count = Word(kind, 4);
    RecordsOfSection<Record> section{Word(kind, 0), {}};
    kind.remove_prefix(kSectionBytes);
    if (count > kind.size() / record_bytes) return BrokenExt("it has fewer records than it says");
    section.records.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      section.records.push_back(ReadRecord(kind.substr(i * record_bytes), static_cast<Record*>(nullptr)));
    }
    kind.remove_prefix(count * record_bytes);
    sections.push_back(std::move(section));
  }
  return absl::OkStatus();
}

// The bytes of one kind; empty if the header is of a time that did not know it.
absl::StatusOr<absl::string_view> KindAt(absl::string_view section, size_t header_bytes, size_t index) {
  const size_t place = kKindsAt + index * kKindBytes;
  if (place + kKindBytes > header_bytes) return absl::string_view();
  const absl::string_view data = section.substr(header_bytes);
  const size_t offset = Word(section, place);
  const size_t length = Word(section, place + 4);
  if (offset > data.size() || length > data.size() - offset)
    return BrokenExt("it ends before its contents do");
  return data.substr(offset, length);
}

}  // namespace

absl::StatusOr<BtfExt> BtfExt::Read(absl::string_view section) {
  BtfExt ext;
  if (section.empty()) return ext;
  uint16_t magic = 0;
  if (section.size() < kKindsAt + 2 * kKindBytes) return BrokenExt("its header is cut short");
  std::memcpy(&magic, section.data(), sizeof(magic));
  const size_t header_bytes = Word(section, 4);
  if (magic != BTF_MAGIC || header_bytes > section.size()) return BrokenExt("it has no header");
  BPFRIG_ASSIGN_OR_RETURN(const absl::string_view lines, KindAt(section, header_bytes, kLines));
  BPFRIG_RETURN_IF_ERROR(ReadKind(lines, kLeastLine, ext.lines));
  BPFRIG_ASSIGN_OR_RETURN(const absl::string_view relocations, KindAt(section, header_bytes, kRelocations));
  BPFRIG_RETURN_IF_ERROR(ReadKind(relocations, kLeastRelocation, ext.relocations));
  return ext;
}

}  // namespace bpfrig::kernel_bpf
