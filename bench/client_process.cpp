#include "bench/client_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "bench/check.h"

namespace bpfrig::bench {

std::string Binary(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

void RunClient(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), Binary("bpfrig"));
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  Check(error == 0, "starting " + arguments[0]);
  int status = 0;
  Check(::waitpid(pid, &status, 0) == pid && status == 0, "running bpfrig " + arguments[1]);
}

}  // namespace bpfrig::bench
