#include "daemon/describe/describe.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/describe/description_text.h"
#include "daemon/describe/object_bytes.h"
#include "daemon/describe/reader_process.h"

namespace bpfrig::describe {
namespace {

constexpr char kStandardInput[] = "-";

// What messages call the object.
std::string Shown(const std::string& object) {
  return object == kStandardInput ? "the object on standard input" : object;
}

// The caller's own rights decide whether it may be read. Opening must not wait for whoever would write into a
// pipe of that name.
absl::StatusOr<common::Fd> Open(const std::string& object) {
  const bool is_input = object == kStandardInput;
  common::Fd fd(is_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                         : ::open(object.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.IsOpen()) return base::ErrnoError(absl::StrCat("opening ", Shown(object)));
  struct stat info {};
  if (::fstat(fd.Get(), &info) != 0) return base::ErrnoError(absl::StrCat("looking at ", Shown(object)));
  if (is_input && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))) return fd;
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "reading ", Shown(object), ": it is ", S_ISDIR(info.st_mode) ? "a directory" : "not a regular file"));
  }
  if (static_cast<uint64_t>(info.st_size) > MaxObjectBytes()) {
    return absl::InvalidArgumentError(absl::StrCat("reading ", Shown(object), ": it has ", info.st_size,
                                                   " bytes; at most ", MaxObjectBytes(), " are taken"));
  }
  return fd;
}

Assumptions AssumptionsOf(const DescribeOptions& options) {
  Assumptions assumptions{options.policy, {}};
  for (const std::string& type : options.types) {
    const size_t equals = type.find('=');
    assumptions.types[type.substr(0, equals)] = type.substr(equals + 1);
  }
  return assumptions;
}

absl::StatusOr<std::string> Describe(const DescribeOptions& options) {
  const Assumptions assumptions = AssumptionsOf(options);
  BPFRIG_ASSIGN_OR_RETURN(common::Fd object, Open(options.object));
  const absl::StatusOr<v1::ObjectDescription> description = DescribeApart(std::move(object), assumptions);
  if (!description.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("reading ", Shown(options.object), ": ", description.status().message()));
  }
  if (!options.json) return DescriptionText(Shown(options.object), *description);
  google::protobuf::util::JsonPrintOptions print;
  print.add_whitespace = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(*description, &json, print);
  if (!status.ok()) return absl::InternalError(absl::StrCat("writing JSON: ", status.ToString()));
  return json;
}

}  // namespace

int RunDescribe(const DescribeOptions& options) {
  const absl::StatusOr<std::string> text = Describe(options);
  if (text.ok()) {
    std::fputs(text->c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : 1;
  }
  std::fputs(absl::StrCat("bpfrigd: ", text.status().message(), "\n").c_str(), stderr);
  return 1;
}

}  // namespace bpfrig::describe
