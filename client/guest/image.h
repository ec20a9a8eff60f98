// What a guest starts with: our own programs with the libraries that they load, as an initramfs. It is made
// once for each build of them and kept in the cache.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fd.h"

namespace bpfrig::client::guest {

// Where the client stands in a guest; the daemon's programs stand beside it.
inline constexpr const char* kGuestClient = "/bin/bpfrig";

struct Programs {
  std::filesystem::path client;
  std::filesystem::path daemon;
  std::filesystem::path front;
  std::filesystem::path init;
};

// Beside this executable, with the daemon that was given or found. NOT_FOUND names what is missing.
[[nodiscard]] absl::StatusOr<Programs> FindPrograms(const std::filesystem::path& daemon);

// A program, and its place in a guest.
struct Placed {
  std::filesystem::path from;
  std::filesystem::path to;
};

// An initramfs of `init` and these programs, with the libraries that they load and without what only
// debuggers read. `scratch` is a directory for files of a moment.
[[nodiscard]] absl::StatusOr<std::string> ImageOf(const std::filesystem::path& init,
                                                  const std::vector<Placed>& programs,
                                                  const std::filesystem::path& scratch);

// The initramfs of these programs, from `directory` or made anew. An image that no later run can need is
// removed from there.
[[nodiscard]] absl::StatusOr<std::string> BaseImage(const Programs& programs,
                                                    const std::filesystem::path& directory);

// What a guest is to do.
struct Job {
  // argv[0] is kGuestClient.
  std::vector<std::string> arguments;
  // "NAME=value".
  std::vector<std::string> environment;
  std::filesystem::path directory;
  // Absolute; each is at the same path in the guest.
  std::vector<std::filesystem::path> files;
  // Absolute; they are there, and what it writes below them comes back (Outcome::files).
  std::vector<std::filesystem::path> folders = {};
  // Files that only the guest has: their places, and what is in them.
  std::map<std::filesystem::path, std::string> texts = {};
};

// The base image and the job after it, as a file in memory that QEMU can open.
[[nodiscard]] absl::StatusOr<common::Fd> InitramfsOf(const std::string& base, const Job& job);

}  // namespace bpfrig::client::guest
