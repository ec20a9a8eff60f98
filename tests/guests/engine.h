// What a guest gets for tests in containers: a Docker engine, and our images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/guest/image.h"

namespace bpfrig::tests {

// Names the file of our images for the tests in a guest.
inline constexpr const char* kImagesVariable = "BPFRIG_IMAGES";

// Builds our images of the checkout at `source` with the engine that docker/engine gave us, and writes them
// to a file, as `docker load` takes them.
[[nodiscard]] absl::Status SaveImages(const std::string& source, const std::filesystem::path& file);

// The programs of an engine and its client, from PATH and from where the client has its plugins.
[[nodiscard]] absl::StatusOr<std::vector<client::guest::Placed>> EnginePrograms();

// A command that runs the one after it with a root of its own in memory: the root of an initramfs cannot be
// changed, which is what containers begin with.
[[nodiscard]] std::vector<std::string> InOwnRoot();

}  // namespace bpfrig::tests
