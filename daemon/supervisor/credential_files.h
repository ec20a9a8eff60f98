// CredentialFiles: the files that say who may call over TCP: reads them, and tells when they have changed.
// Owned by the supervisor, which may read them and passes their contents to the front, which may not. PEM is
// the front's to parse.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "bpfrig/internal/v1/control.pb.h"
#include "daemon/kernel_os/file_watch.h"
#include "daemon/supervisor/remote_options.h"

namespace bpfrig::supervisor {

// The names in a list of allowed clients: one a line, `#` begins a comment. An error if there is none.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> ParseAllowedClients(absl::string_view text);
// The token in a file or variable, which may end with a newline. An error, which does not show it, if it
// is too short to be a secret or cannot be sent.
[[nodiscard]] absl::StatusOr<std::string> ParseToken(absl::string_view text);

class CredentialFiles {
 public:
  // `options` passed CheckRemoteOptions, and name an address.
  static absl::StatusOr<CredentialFiles> Open(RemoteOptions options);

  [[nodiscard]] absl::StatusOr<internal::v1::Credentials> Read();

  // Readable when HandleChange wants to be called.
  [[nodiscard]] int watch() const { return watch_.Get(); }
  // Something happened to the files, or beside them.
  void HandleChange(absl::Time now);
  // When ReadWhereChanged wants to be called: certificate and key are replaced one after the other.
  [[nodiscard]] absl::Time NextDeadline() const { return settled_at_; }
  // What the files hold, if that time has come and they differ from what was read last.
  [[nodiscard]] absl::StatusOr<std::optional<internal::v1::Credentials>> ReadWhereChanged(absl::Time now);

 private:
  CredentialFiles(RemoteOptions options, kernel_os::FileWatch watch)
      : options_(std::move(options)), watch_(std::move(watch)) {}

  [[nodiscard]] absl::Status WatchFolders();
  [[nodiscard]] absl::StatusOr<internal::v1::Credentials> ReadFiles() const;

  RemoteOptions options_;
  kernel_os::FileWatch watch_;
  absl::Time settled_at_ = absl::InfiniteFuture();
  std::string last_read_;  // serialized
};

}  // namespace bpfrig::supervisor
