// `bpfrig doctor` and `bpfrig describe`: the daemon's own commands, so that nobody has to know where bpfrigd
// is.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "absl/strings/string_view.h"
#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/daemon/find_daemon.h"

namespace bpfrig::client::command {
namespace {

// `without` and `elsewhere` say what cannot be had without a bpfrigd, and how to have it.
int Become(const std::string& command, const DaemonCommandOptions& options, absl::string_view without,
           absl::string_view elsewhere) {
  const absl::StatusOr<std::string> executable = daemon::FindDaemon(options.executable);
  if (!executable.ok()) {
    std::cerr << "bpfrig: " << without << ": " << executable.status().message() << "; " << elsewhere << "\n";
    return kRigFailed;
  }
  std::vector<std::string> arguments = {*executable, command};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(executable->c_str(), argv.data());
  std::cerr << "bpfrig: starting " << *executable << ": " << std::strerror(errno) << "\n";
  return kRigFailed;
}

}  // namespace

int RunDoctor(const DaemonCommandOptions& options) {
  return Become("doctor", options, "without a daemon, the client cannot tell what one would be missing",
                "run this where the daemon runs, as in `docker compose run --rm bpfrigd doctor`");
}

int DescribeObject(const DaemonCommandOptions& options) {
  return Become("describe", options,
                "it is the daemon's binary that looks into objects, and the client has none here",
                "run this where it is, as in `docker compose run --rm -T bpfrigd describe - < OBJECT`");
}

}  // namespace bpfrig::client::command
