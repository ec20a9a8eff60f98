#include "client/guest/cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::guest {
namespace {

la_ssize_t Append(archive* /*writer*/, void* bytes, const void* data, size_t size) {
  static_cast<std::string*>(bytes)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

struct EntryFree {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

}  // namespace

Cpio::Cpio() : writer_(archive_write_new()) {
  archive_write_set_format_cpio_newc(writer_);
  archive_write_open2(writer_, &bytes_, nullptr, Append, nullptr, nullptr);
}

Cpio::~Cpio() { archive_write_free(writer_); }

void Cpio::Add(const std::filesystem::path& path, unsigned type, unsigned mode, absl::string_view bytes) {
  if (path == "/" || !known_.insert(path).second) return;
  AddDirectory(path.parent_path());
  const std::unique_ptr<archive_entry, EntryFree> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), path.relative_path().c_str());
  archive_entry_set_filetype(entry.get(), type);
  archive_entry_set_perm(entry.get(), mode);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
  if (archive_write_header(writer_, entry.get()) != ARCHIVE_OK ||
      archive_write_data(writer_, bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size())) {
    const char* error = archive_error_string(writer_);
    status_.Update(absl::InternalError(
        absl::StrCat("packing ", path.string(), ": ", error != nullptr ? error : "failed")));
  }
}

void Cpio::AddDirectory(const std::filesystem::path& path) { Add(path, AE_IFDIR, 0755, ""); }

void Cpio::AddFile(const std::filesystem::path& path, absl::string_view bytes, bool is_executable) {
  Add(path, AE_IFREG, is_executable ? 0755 : 0644, bytes);
}

absl::StatusOr<std::string> Cpio::Finish() {
  if (archive_write_close(writer_) != ARCHIVE_OK) {
    status_.Update(absl::InternalError(absl::StrCat("packing: ", archive_error_string(writer_))));
  }
  if (!status_.ok()) return status_;
  return std::move(bytes_);
}

}  // namespace bpfrig::client::guest
