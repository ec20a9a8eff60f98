#include "client/daemon/describe_object.h"

#include <google/protobuf/util/json_util.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/errno_status.h"
#include "common/fd.h"

extern char** environ;  // NOLINT: declared by no header in strict mode.

namespace bpfrig::client::daemon {
namespace {

absl::StatusOr<common::Fd> MakeFile(const char* name, absl::string_view bytes) {
  common::Fd file(memfd_create(name, MFD_CLOEXEC));
  if (!file.IsOpen()) return common::ErrnoStatus("making a memfd");
  while (!bytes.empty()) {
    const ssize_t count = TEMP_FAILURE_RETRY(write(file.Get(), bytes.data(), bytes.size()));
    if (count < 0) return common::ErrnoStatus("writing into a memfd");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  if (lseek(file.Get(), 0, SEEK_SET) != 0) return common::ErrnoStatus("rewinding a memfd");
  return file;
}

std::string ReadFile(const common::Fd& file) {
  std::string bytes;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const ssize_t count =
        TEMP_FAILURE_RETRY(pread(file.Get(), buffer.data(), buffer.size(), static_cast<off_t>(bytes.size())));
    if (count <= 0) return bytes;
    bytes.append(buffer.data(), static_cast<size_t>(count));
  }
}

// Runs it to its end, which it comes to whatever the object is, and returns its wait status.
absl::StatusOr<int> Run(std::vector<std::string> command, const common::Fd& object, const common::Fd& output,
                        const common::Fd& errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, object.Get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.Get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors.Get(), STDERR_FILENO);
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, command[0].c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return common::ErrnoStatus(absl::StrCat("starting ", command[0]), error);
  int status = 0;
  if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) != pid) return common::ErrnoStatus("waiting for bpfrigd");
  return status;
}

// What it said, without its name, nor that of its input: the caller knows the object by another.
std::string Message(const common::Fd& errors) {
  const std::string text = ReadFile(errors);
  absl::string_view message = text;
  absl::ConsumePrefix(&message, "bpfrigd: ");
  absl::ConsumePrefix(&message, "reading the object on standard input: ");
  absl::ConsumeSuffix(&message, "\n");
  return std::string(message);
}

}  // namespace

absl::StatusOr<bpfrig::v1::ObjectDescription> DescribeObject(
    const std::string& executable, absl::string_view object,
    const std::map<std::string, std::string>& types) {
  absl::StatusOr<common::Fd> input = MakeFile("bpfrig-object", object);
  if (!input.ok()) return std::move(input).status();
  absl::StatusOr<common::Fd> output = MakeFile("bpfrig-description", "");
  if (!output.ok()) return std::move(output).status();
  absl::StatusOr<common::Fd> errors = MakeFile("bpfrig-errors", "");
  if (!errors.ok()) return std::move(errors).status();
  std::vector<std::string> arguments = {executable, "describe", "--json"};
  for (const auto& [program, type] : types) {
    arguments.push_back(absl::StrCat("--type=", program, "=", type));
  }
  arguments.emplace_back("-");
  const absl::StatusOr<int> status = Run(std::move(arguments), *input, *output, *errors);
  if (!status.ok()) return status.status();
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 1) return absl::InvalidArgumentError(Message(*errors));
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
    return absl::InternalError(absl::StrCat(executable, " cannot describe objects: ", Message(*errors)));
  }
  bpfrig::v1::ObjectDescription description;
  google::protobuf::util::JsonParseOptions options;
  // A newer daemon may know more.
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(ReadFile(*output), &description, options);
  if (parsed.ok()) return description;
  return absl::InternalError(
      absl::StrCat("what ", executable, " says of an object cannot be read: ", parsed.ToString()));
}

}  // namespace bpfrig::client::daemon
