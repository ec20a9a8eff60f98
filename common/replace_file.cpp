#include "common/replace_file.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace bpfrig::common {

absl::Status ReplaceFile(const std::filesystem::path& path, absl::string_view bytes) {
  const std::filesystem::path unfinished = absl::StrCat(path.string(), ".", getpid());
  std::ofstream file(unfinished, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code error;
  if (file) {
    std::filesystem::rename(unfinished, path, error);
  } else {
    error = std::error_code(errno, std::generic_category());
  }
  if (!error) return absl::OkStatus();
  std::error_code ignored;
  std::filesystem::remove(unfinished, ignored);
  return absl::InternalError(absl::StrCat("writing ", path.string(), ": ", error.message()));
}

}  // namespace bpfrig::common
