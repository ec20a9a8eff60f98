#include "client/guest/image.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/guest/checksum.h"
#include "client/guest/child.h"
#include "client/guest/cpio.h"
#include "client/guest/frames.h"
#include "common/errno_status.h"
#include "common/read_file.h"
#include "common/replace_file.h"

namespace bpfrig::client::guest {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = 512U << 20U;
// Counted up if an image is made in another way.
constexpr int kImageFormat = 3;

absl::Status Missing(const fs::path& path) {
  return absl::NotFoundError(
      absl::StrCat("there is no ", path.string(), ", which runs plans on other kernels"));
}

// The paths in what the dynamic loader prints if it is asked for a program's libraries: "NAME => PATH
// (ADDRESS)" and "PATH (ADDRESS)" for itself.
absl::StatusOr<std::set<fs::path>> LibrariesOf(const fs::path& program) {
  const absl::StatusOr<std::string> text = OutputOf({"env", "LD_TRACE_LOADED_OBJECTS=1", program.string()});
  if (!text.ok()) return text.status();
  std::set<fs::path> libraries;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripLeadingAsciiWhitespace(line);
    if (absl::StrContains(line, "not found")) return absl::NotFoundError(std::string(line));
    const size_t arrow = line.find("=> ");
    if (arrow != absl::string_view::npos) line.remove_prefix(arrow + 3);
    const absl::string_view path = line.substr(0, line.find(' '));
    if (absl::StartsWith(path, "/")) libraries.insert(std::string(path));
  }
  return libraries;
}

// A program or library without what only debuggers read, if there is `strip`.
absl::StatusOr<std::string> Stripped(const fs::path& path, const fs::path& directory) {
  const fs::path copy = directory / absl::StrCat("stripped.", getpid());
  const absl::StatusOr<Ended> ended = RunToEnd({"strip", "-o", copy.string(), path.string()});
  absl::StatusOr<std::string> bytes =
      common::ReadFile(ended.ok() && ended->status == 0 ? copy : path, kMaxFileBytes);
  std::error_code ignored;
  fs::remove(copy, ignored);
  return bytes;
}

absl::Status AddStripped(const fs::path& from, const fs::path& to, const fs::path& directory, Cpio& cpio) {
  const absl::StatusOr<std::string> bytes = Stripped(from, directory);
  if (bytes.ok()) cpio.AddFile(to, *bytes, true);
  return bytes.status();
}

// Tells one build of the programs from another.
absl::StatusOr<std::string> KeyOf(const Programs& programs) {
  std::string key = absl::StrCat(kImageFormat);
  for (const fs::path& program : {programs.client, programs.daemon, programs.front, programs.init}) {
    std::error_code error;
    const auto written = fs::last_write_time(program, error).time_since_epoch().count();
    absl::StrAppend(&key, "\n", program.string(), " ", fs::file_size(program, error), " ", written);
    if (error) return absl::NotFoundError(absl::StrCat("opening ", program.string(), ": ", error.message()));
  }
  return Checksum(key).substr(0, 16);
}

void RemoveOthers(const fs::path& path) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path.parent_path(), error)) {
    if (entry.path() != path && entry.path().extension() == ".cpio") fs::remove(entry.path(), error);
  }
}

std::string WithZeroes(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined.append(text).push_back('\0');
  return joined;
}

absl::Status WriteWhole(int fd, const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t written = write(fd, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return common::ErrnoStatus("writing an initramfs");
    done += static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Programs> FindPrograms(const fs::path& daemon) {
  std::error_code error;
  Programs programs;
  programs.client = fs::read_symlink("/proc/self/exe", error);
  programs.daemon = daemon;
  programs.front = daemon.parent_path() / "bpfrigd-front";
  programs.init = programs.client.parent_path() / "bpfrig-guest-init";
  for (const fs::path& program : {programs.front, programs.init}) {
    if (!fs::exists(program, error)) return Missing(program);
  }
  return programs;
}

absl::StatusOr<std::string> ImageOf(const fs::path& init, const std::vector<Placed>& programs,
                                    const fs::path& scratch) {
  Cpio cpio;
  for (const char* made : {"/dev", "/proc", "/run", "/sys", "/tmp"}) cpio.AddDirectory(made);
  absl::Status status = AddStripped(init, "/init", scratch, cpio);
  std::set<fs::path> libraries;
  for (const Placed& program : programs) {
    status.Update(AddStripped(program.from, program.to, scratch, cpio));
    absl::StatusOr<std::set<fs::path>> needed = LibrariesOf(program.from);
    status.Update(needed.status());
    if (needed.ok()) libraries.merge(*needed);
  }
  for (const fs::path& library : libraries) status.Update(AddStripped(library, library, scratch, cpio));
  if (!status.ok()) return status;
  return cpio.Finish();
}

absl::StatusOr<std::string> BaseImage(const Programs& programs, const fs::path& directory) {
  const absl::StatusOr<std::string> key = KeyOf(programs);
  if (!key.ok()) return key.status();
  const fs::path path = directory / absl::StrCat(*key, ".cpio");
  std::error_code error;
  if (fs::exists(path, error)) return common::ReadFile(path, kMaxFileBytes);
  const fs::path bin = fs::path(kGuestClient).parent_path();
  absl::StatusOr<std::string> image = ImageOf(programs.init,
                                              {{programs.client, bin / programs.client.filename()},
                                               {programs.daemon, bin / programs.daemon.filename()},
                                               {programs.front, bin / programs.front.filename()}},
                                              directory);
  if (!image.ok()) return image;
  if (absl::Status kept = common::ReplaceFile(path, *image); !kept.ok()) return kept;
  RemoveOthers(path);
  return image;
}

absl::StatusOr<common::Fd> InitramfsOf(const std::string& base, const Job& job) {
  Cpio cpio;
  cpio.AddDirectory(job.directory);
  cpio.AddFile(kJobDirectoryFile, job.directory.string());
  cpio.AddFile(kJobArgumentsFile, WithZeroes(job.arguments));
  cpio.AddFile(kJobEnvironmentFile, WithZeroes(job.environment));
  std::vector<std::string> folders;
  for (const fs::path& folder : job.folders) {
    cpio.AddDirectory(folder);
    folders.push_back(folder.string());
  }
  cpio.AddFile(kJobFoldersFile, WithZeroes(folders));
  for (const fs::path& file : job.files) {
    const absl::StatusOr<std::string> bytes = common::ReadFile(file, kMaxFileBytes);
    if (!bytes.ok()) return bytes.status();
    cpio.AddFile(file, *bytes);
  }
  for (const auto& [path, text] : job.texts) cpio.AddFile(path, text);
  const absl::StatusOr<std::string> bytes = cpio.Finish();
  if (!bytes.ok()) return bytes.status();
  common::Fd file(memfd_create("initramfs", MFD_CLOEXEC));
  if (!file.IsOpen()) return common::ErrnoStatus("making a memfd");
  absl::Status status = WriteWhole(file.Get(), base);
  if (status.ok()) status = WriteWhole(file.Get(), *bytes);
  if (!status.ok()) return status;
  return file;
}

}  // namespace bpfrig::client::guest
