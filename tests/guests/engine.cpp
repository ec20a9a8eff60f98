#include "tests/guests/engine.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "client/guest/child.h"
#include "tests/guests/find_program.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
namespace guest = client::guest;

constexpr const char* kPluginsInGuest = "/usr/libexec/docker/cli-plugins";

absl::StatusOr<fs::path> FindComposePlugin() {
  const char* config = std::getenv("DOCKER_CONFIG");
  for (const fs::path& folder :
       {fs::path(config == nullptr ? "" : config) / "cli-plugins", fs::path(kPluginsInGuest),
        fs::path("/usr/lib/docker/cli-plugins"), fs::path("/usr/local/lib/docker/cli-plugins")}) {
    fs::path plugin = folder / "docker-compose";
    if (fs::exists(plugin)) return plugin;
  }
  return absl::NotFoundError("there is no docker-compose among docker's plugins");
}

}  // namespace

absl::Status SaveImages(const std::string& source, const fs::path& file) {
  const absl::Status built = guest::OutputOf({"docker", "compose", "--project-directory", source, "--profile",
                                              "client", "build", "--quiet"})
                                 .status();
  if (!built.ok()) return built;
  return guest::OutputOf({"docker", "save", "--output", file.string(), "bpfrig", "bpfrig-client"}).status();
}

absl::StatusOr<std::vector<guest::Placed>> EnginePrograms() {
  std::vector<guest::Placed> programs;
  for (const char* name : {"chroot", "containerd", "containerd-shim-runc-v2", "docker", "dockerd", "runc"}) {
    absl::StatusOr<fs::path> path = FindProgram(name);
    if (!path.ok()) return std::move(path).status();
    programs.push_back({*std::move(path), fs::path("/bin") / name});
  }
  absl::StatusOr<fs::path> plugin = FindComposePlugin();
  if (!plugin.ok()) return std::move(plugin).status();
  programs.push_back({*std::move(plugin), fs::path(kPluginsInGuest) / "docker-compose"});
  return programs;
}

std::vector<std::string> InOwnRoot() {
  return {"/bin/sh", "-c", R"(set -e
mkdir /own
mount -t tmpfs -o size=100% own /own
for part in /*; do
  case $part in /own | /dev | /proc | /sys) ;; *) cp -a "$part" /own ;; esac
done
for part in dev proc sys; do
  mkdir "/own/$part"
  mount --move "/$part" "/own/$part"
done
mount --bind /job /own/job
# Over the old root: what joins the mount namespace of a container begins at what is on top there.
cd /own
mount --move . /
exec chroot . "$@")",
          "own_root"};
}

}  // namespace bpfrig::tests
