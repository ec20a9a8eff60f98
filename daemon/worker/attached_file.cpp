#include "daemon/worker/attached_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "daemon/base/status.h"
#include "proto/rules/field_words.h"

namespace bpfrig::worker {
namespace {

// A copy: what libbpf reads must not change under it.
absl::StatusOr<std::string> ReadAll(const common::Fd& file, const std::string& what, size_t most) {
  struct stat status {};
  if (::fstat(file.Get(), &status) != 0)
    return base::ErrnoError(absl::StrCat("asking for the size of ", what));
  const auto size = static_cast<size_t>(status.st_size);
  if (size > most) {
    return base::MakeError(
        base::Reason::kLimitReached,
        absl::StrCat("reading ", what, " of ", size, " bytes: at most ", most, " are allowed"));
  }
  std::string bytes(size, '\0');
  size_t offset = 0;
  while (offset < size) {
    const ssize_t count = TEMP_FAILURE_RETRY(
        ::pread(file.Get(), bytes.data() + offset, size - offset, static_cast<off_t>(offset)));
    if (count < 0) return base::ErrnoError(absl::StrCat("reading ", what));
    if (count == 0) break;
    offset += static_cast<size_t>(count);
  }
  bytes.resize(offset);
  return bytes;
}

}  // namespace

absl::Status ReadAttachedFile(Call& call, const google::protobuf::FieldDescriptor& field,
                              google::protobuf::Message& request) {
  const common::Fd file = call.TakeFd();
  if (!file.IsOpen()) return absl::OkStatus();
  absl::StatusOr<std::string> bytes = ReadAll(file, field.name(), rules::RulesOf(field).maximum_bytes());
  if (!bytes.ok()) return base::WithField(bytes.status(), field.name());
  request.GetReflection()->SetString(&request, &field, *std::move(bytes));
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
