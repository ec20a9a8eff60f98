#include "client/guest/guest_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/errno_status.h"
#include "common/fd.h"

namespace bpfrig::client::guest {
namespace {

constexpr size_t kMaxPathBytes = 1024;
constexpr size_t kMaxNameBytes = 255;
constexpr size_t kMaxShownBytes = 80;

bool IsName(absl::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= kMaxNameBytes &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

absl::Status WriteAllOf(int fd, absl::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return common::ErrnoStatus(absl::StrCat("writing ", what));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsPathBelow(absl::string_view path) {
  const std::vector<absl::string_view> names = absl::StrSplit(path, '/');
  return path.size() <= kMaxPathBytes && std::all_of(names.begin(), names.end(), IsName);
}

void GuestFiles::Take(absl::string_view frame) {
  const size_t slash = frame.find('/');
  const size_t zero = frame.find('\0');
  GuestFile file;
  if (zero == absl::string_view::npos || slash >= zero ||
      !absl::SimpleAtoi(frame.substr(0, slash), &file.folder) ||
      !IsPathBelow(frame.substr(slash + 1, zero - slash - 1))) {
    status_.Update(absl::InvalidArgumentError(
        absl::StrCat("a file came from the guest whose name leads nowhere: \"",
                     absl::CHexEscape(frame.substr(0, std::min(zero, kMaxShownBytes))), "\"")));
    return;
  }
  file.path = std::string(frame.substr(slash + 1, zero - slash - 1));
  file.bytes = std::string(frame.substr(zero + 1));
  if (files_.size() == kMaxGuestFiles || file.bytes.size() > kMaxGuestFileBytes - bytes_) {
    status_.Update(absl::ResourceExhaustedError(
        absl::StrCat("not all files came from the guest: at most ", kMaxGuestFiles, " of ",
                     kMaxGuestFileBytes >> 20U, " MiB together are taken")));
    return;
  }
  bytes_ += file.bytes.size();
  files_.push_back(std::move(file));
}

absl::Status WriteBelow(const std::filesystem::path& directory, const std::string& path,
                        absl::string_view bytes) {
  const std::string what = (directory / path).string();
  if (!IsPathBelow(path)) return absl::InvalidArgumentError(absl::StrCat(what, " is not below its folder"));
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  common::Fd folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.IsOpen()) return common::ErrnoStatus(absl::StrCat("opening ", directory.string()));
  std::vector<std::string> names = absl::StrSplit(path, '/');
  const std::string name = names.back();
  names.pop_back();
  for (const std::string& above : names) {
    if (mkdirat(folder.Get(), above.c_str(), 0777) != 0 && errno != EEXIST) {
      return common::ErrnoStatus(absl::StrCat("making the folder of ", what));
    }
    folder = common::Fd(openat(folder.Get(), above.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder.IsOpen()) return common::ErrnoStatus(absl::StrCat("opening the folder of ", what));
  }
  if (unlinkat(folder.Get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return common::ErrnoStatus(absl::StrCat("replacing ", what));
  }
  const common::Fd file(
      openat(folder.Get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file.IsOpen()) return common::ErrnoStatus(absl::StrCat("making ", what));
  return WriteAllOf(file.Get(), bytes, what);
}

}  // namespace bpfrig::client::guest
