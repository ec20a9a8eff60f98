#include "common/read_file.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace bpfrig::common {
namespace {

namespace fs = std::filesystem;

absl::Status Failure(absl::string_view action, const fs::path& path, const std::error_code& error) {
  return absl::NotFoundError(absl::StrCat(action, " ", path.string(), ": ", error.message()));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const fs::path& path, size_t most) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found || error) {
    return Failure("opening", path,
                   error ? error : std::make_error_code(std::errc::no_such_file_or_directory));
  }
  if (!fs::is_regular_file(status)) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), " is not a regular file"));
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Failure("opening", path, std::error_code(errno, std::generic_category()));
  const uintmax_t size = fs::file_size(path, error);
  if (error) return Failure("reading", path, error);
  if (size > most) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), " has ", size, " bytes; at most ", most, " were expected"));
  }
  std::string bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (stream.bad()) return Failure("reading", path, std::error_code(errno, std::generic_category()));
  return bytes;
}

}  // namespace bpfrig::common
