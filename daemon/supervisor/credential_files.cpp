#include "daemon/supervisor/credential_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::supervisor {
namespace {

using base::MakeError;
using base::Reason;
using base::WithHint;
using internal::v1::Credentials;

// How long after a change the files are read again: there may be more than one to replace.
constexpr absl::Duration kSettleTime = absl::Milliseconds(300);
// More than any bundle of CAs has; all of it is held in memory.
constexpr off_t kMaxFileBytes = 1024 * 1024;
constexpr size_t kMinTokenBytes = 16;

// A container's root has no CAP_DAC_OVERRIDE.
constexpr char kNotOurs[] = "make the file and its folders root's own: chown -R root";

absl::StatusOr<std::string> ReadFile(absl::string_view option, const std::string& path) {
  const std::string what = absl::StrCat(option, " ", path);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) {
    const absl::Status status = base::ErrnoError(absl::StrCat("reading ", what));
    return base::DetailOf(status).errno_name == "EACCES" ? WithHint(status, kNotOurs) : status;
  }
  if (!S_ISREG(info.st_mode) || info.st_size > kMaxFileBytes) {
    return MakeError(Reason::kInvalidField, absl::StrCat("reading ", what, ": it is no file of at most ",
                                                         kMaxFileBytes / 1024, " KiB"));
  }
  return kernel_os::ReadSmallFile(AT_FDCWD, path, what);
}

// The folders in which the file can be replaced: its own, and that of each link on the way to it.
void AddFolders(std::filesystem::path path, std::set<std::string>& folders) {
  constexpr int kMaxLinks = 40;  // as the kernel's own limit
  std::error_code error;
  for (int links = 0; links < kMaxLinks; ++links) {
    folders.insert(kernel_os::DirectoryOf(path.string()));
    const std::filesystem::path next = std::filesystem::read_symlink(path, error);
    if (error) return;
    path = path.parent_path() / next;  // which is `next` if that is absolute
  }
}

// Puts the option and its file before what is wrong with the contents.
absl::Status InFile(const absl::Status& status, absl::string_view option, absl::string_view path) {
  if (status.ok()) return status;
  return base::WithDetail(
      absl::Status(status.code(), absl::StrCat(option, " ", path, ": ", status.message())),
      base::DetailOf(status));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ParseAllowedClients(absl::string_view text) {
  std::vector<std::string> names;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    size_t end = line.size();
    // In the middle of a word it is a URI's.
    for (size_t i = 0; i < end; ++i) {
      if (line[i] == '#' && (i == 0 || absl::ascii_isspace(static_cast<unsigned char>(line[i - 1])))) end = i;
    }
    const absl::string_view name = absl::StripAsciiWhitespace(line.substr(0, end));
    if (!name.empty()) names.emplace_back(name);
  }
  if (!names.empty()) return names;
  return WithHint(MakeError(Reason::kInvalidField, "the list of allowed clients has no name"),
                  "write the name in a client's certificate, one a line");
}

absl::StatusOr<std::string> ParseToken(absl::string_view text) {
  const absl::string_view token = absl::StripAsciiWhitespace(text);
  constexpr char kHint[] = "make one with: openssl rand -hex 32";
  if (token.empty()) return WithHint(MakeError(Reason::kInvalidField, "the token is empty"), kHint);
  if (!std::all_of(token.begin(), token.end(), [](unsigned char c) { return absl::ascii_isgraph(c); })) {
    return WithHint(MakeError(Reason::kInvalidField,
                              "the token has characters that cannot be sent: only printable ASCII without "
                              "spaces can"),
                    kHint);
  }
  if (token.size() < kMinTokenBytes) {
    return WithHint(
        MakeError(Reason::kInvalidField, absl::StrCat("the token is shorter than ", kMinTokenBytes,
                                                      " characters, and could be guessed")),
        kHint);
  }
  return std::string(token);
}

absl::StatusOr<CredentialFiles> CredentialFiles::Open(RemoteOptions options) {
  BPFRIG_ASSIGN_OR_RETURN(kernel_os::FileWatch watch, kernel_os::FileWatch::Open());
  return CredentialFiles(std::move(options), std::move(watch));
}

absl::StatusOr<Credentials> CredentialFiles::Read() {
  settled_at_ = absl::InfiniteFuture();
  // Before they are read, so that no change is missed; and each time, because a folder may have been
  // replaced.
  const absl::Status watched = WatchFolders();
  BPFRIG_ASSIGN_OR_RETURN(Credentials credentials, ReadFiles());
  BPFRIG_RETURN_IF_ERROR(watched);
  last_read_ = credentials.SerializeAsString();
  return credentials;
}

void CredentialFiles::HandleChange(absl::Time now) {
  const absl::Status drained = watch_.Drain();
  if (!drained.ok()) base::LogWarning(drained.message());
  // From the first change on: others in the same folder must not put it off for ever.
  settled_at_ = std::min(settled_at_, now + kSettleTime);
}

absl::StatusOr<std::optional<Credentials>> CredentialFiles::ReadWhereChanged(absl::Time now) {
  if (now < settled_at_) return std::nullopt;
  const std::string before = last_read_;
  BPFRIG_ASSIGN_OR_RETURN(Credentials credentials, Read());
  if (last_read_ == before) return std::nullopt;
  return credentials;
}

absl::Status CredentialFiles::WatchFolders() {
  std::set<std::string> folders;
  for (const std::string* file : {&options_.tls_certificate, &options_.tls_key, &options_.tls_client_ca,
                                  &options_.tls_allowed_clients, &options_.token_file}) {
    if (!file->empty()) AddFolders(*file, folders);
  }
  for (const std::string& folder : folders) BPFRIG_RETURN_IF_ERROR(watch_.Add(folder));
  return absl::OkStatus();
}

absl::StatusOr<Credentials> CredentialFiles::ReadFiles() const {
  Credentials credentials;
  if (options_.UsesTls()) {
    internal::v1::TlsCredentials& tls = *credentials.mutable_tls();
    BPFRIG_ASSIGN_OR_RETURN(*tls.mutable_certificate(),
                            ReadFile("--tls-certificate", options_.tls_certificate));
    BPFRIG_ASSIGN_OR_RETURN(*tls.mutable_key(), ReadFile("--tls-key", options_.tls_key));
    BPFRIG_ASSIGN_OR_RETURN(*tls.mutable_client_ca(), ReadFile("--tls-client-ca", options_.tls_client_ca));
    constexpr char kOption[] = "--tls-allowed-clients";
    BPFRIG_ASSIGN_OR_RETURN(const std::string list, ReadFile(kOption, options_.tls_allowed_clients));
    const auto names = ParseAllowedClients(list);
    BPFRIG_RETURN_IF_ERROR(InFile(names.status(), kOption, options_.tls_allowed_clients));
    for (const std::string& name : *names) tls.add_allowed_clients(name);
  }
  if (options_.token.has_value()) {
    const absl::StatusOr<std::string> token = ParseToken(*options_.token);
    BPFRIG_RETURN_IF_ERROR(InFile(token.status(), "BPFRIGD_TOKEN", "in the environment"));
    credentials.set_token(*token);
  } else if (!options_.token_file.empty()) {
    BPFRIG_ASSIGN_OR_RETURN(const std::string text, ReadFile("--token-file", options_.token_file));
    const absl::StatusOr<std::string> token = ParseToken(text);
    BPFRIG_RETURN_IF_ERROR(InFile(token.status(), "--token-file", options_.token_file));
    credentials.set_token(*token);
  }
  return credentials;
}

}  // namespace bpfrig::supervisor
