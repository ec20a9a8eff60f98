// `bpfrig doctor`: the daemon's own command, so that nobody has to know where bpfrigd is.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/daemon/find_daemon.h"

namespace bpfrig::client::command {

int RunDoctor(const DoctorOptions& options) {
  const absl::StatusOr<std::string> executable = daemon::FindDaemon(options.executable);
  if (!executable.ok()) {
    std::cerr << "bpfrig: without a daemon, the client cannot tell what one would be missing: "
              << executable.status().message()
              << "; run this where the daemon runs, as in `docker compose run --rm bpfrigd doctor`\n";
    return kRigFailed;
  }
  std::vector<std::string> arguments = {*executable, "doctor"};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(executable->c_str(), argv.data());
  std::cerr << "bpfrig: starting " << *executable << ": " << std::strerror(errno) << "\n";
  return kRigFailed;
}

}  // namespace bpfrig::client::command
