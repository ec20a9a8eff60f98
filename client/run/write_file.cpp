#include "client/run/write_file.h"

#include <cerrno>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::run {

absl::Status SystemError(const std::string& what, const std::error_code& error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", error.message()));
}

absl::Status WriteFile(const std::filesystem::path& path, absl::string_view bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (file.good()) return absl::OkStatus();
  return SystemError(absl::StrCat("writing ", path.string()), {errno, std::generic_category()});
}

}  // namespace bpfrig::client::run
