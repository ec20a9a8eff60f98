#include "daemon/supervisor/front_process.h"

#include <unistd.h>

#include <array>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/ipc/front_descriptors.h"

namespace bpfrig::supervisor {
namespace {

using base::MakeError;
using base::Reason;
using internal::v1::ControlReply;
using internal::v1::ControlRequest;
using kernel_os::PassedFd;
using kernel_os::ProcessSpec;

// Several descriptors for every sandbox and call.
constexpr uint64_t kOpenFiles = 65536;
// Above the supervisor, which cleans up when the front is gone, and far below every worker.
constexpr int kFrontOomScore = 100;
// A front that does not take a reply within this is broken.
constexpr absl::Duration kReplyPatience = absl::Seconds(2);

}  // namespace

absl::StatusOr<std::string> FrontPath(const Options& options) {
  if (!options.front_path.empty()) return options.front_path;
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size < 0) return base::ErrnoError("reading /proc/self/exe");
  const absl::string_view own(path.data(), static_cast<size_t>(size));
  return absl::StrCat(own.substr(0, own.rfind('/')), "/bpfrigd-front");
}

absl::StatusOr<FrontProcess> FrontProcess::Start(const Options& options, const Host& host) {
  BPFRIG_ASSIGN_OR_RETURN(const std::string path, FrontPath(options));
  absl::StatusOr<common::Fd> executable = OpenExecutable(path);
  if (!executable.ok()) return base::WithHint(executable.status(), "name the front's binary with --front");
  BPFRIG_ASSIGN_OR_RETURN(auto control, ipc::MakeSocketPair());
  BPFRIG_ASSIGN_OR_RETURN(Lifeline lifeline, Lifeline::Make());

  ProcessSpec spec;
  spec.executable = executable->Get();
  spec.arguments = {"bpfrigd-front", "--log-level", options.log_level};
  if (options.log_format == "json") spec.arguments.emplace_back("--json-log");
  for (const ipc::FrontLimit& limit : ipc::kFrontLimits) {
    spec.arguments.insert(spec.arguments.end(), {limit.flag, absl::StrCat(options.limits.*limit.value)});
  }
  spec.fds = {PassedFd{.fd = host.listener.Get(), .number = ipc::kFrontListenerNumber},
              PassedFd{.fd = control.second.Get(), .number = ipc::kFrontControlNumber},
              PassedFd{.fd = lifeline.read_end.Get(), .number = ipc::kFrontLifelineNumber}};
  if (host.tcp_listener.IsOpen()) {
    spec.arguments.emplace_back("--tcp");
    spec.fds.push_back({.fd = host.tcp_listener.Get(), .number = ipc::kFrontTcpListenerNumber});
  }
  // An empty one: its sockets are handed to it, and belong to the namespace that they were made in.
  spec.new_netns = true;
  spec.uid = host.first_uid;
  spec.gid = spec.uid;
  spec.open_files = kOpenFiles;
  spec.oom_score_above_ours = kFrontOomScore;
  BPFRIG_ASSIGN_OR_RETURN(ConfinedProcess process,
                          ConfinedProcess::Start(host.instance.Get(), "front", std::move(spec)));
  return FrontProcess(std::move(process), std::move(control.first), std::move(lifeline.write_end));
}

absl::StatusOr<std::vector<ControlRequest>> FrontProcess::ReadRequests() {
  std::string bytes;
  std::deque<common::Fd> unasked;  // closed again at once: the front has nothing to pass us
  BPFRIG_ASSIGN_OR_RETURN(const ssize_t count, ipc::ReceiveBytes(control_.Get(), bytes, unasked));
  if (count == 0) return MakeError(Reason::kInternal, "bpfrigd-front closed its control channel");
  decoder_.Append(bytes);
  std::vector<ControlRequest> requests;
  while (true) {
    ControlRequest request;
    absl::StatusOr<bool> complete = decoder_.Next(request);
    if (complete.ok() && !*complete) return requests;
    if (complete.ok() && request.request_case() == ControlRequest::REQUEST_NOT_SET) {
      complete = MakeError(Reason::kInternal, "a request that asks for nothing");
    }
    if (!complete.ok()) {
      return MakeError(Reason::kInternal,
                       absl::StrCat("bpfrigd-front sent what is no request: ", complete.status().message()));
    }
    requests.push_back(std::move(request));
  }
}

absl::Status FrontProcess::Reply(const ControlReply& reply, int attached) {
  const absl::Status sent = control_.Send(reply, attached, absl::Now() + kReplyPatience);
  if (sent.ok()) return sent;
  return MakeError(Reason::kInternal, absl::StrCat("answering bpfrigd-front: ", sent.message()));
}

void FrontProcess::AskToEnd() {
  control_ = ipc::MessageSocket(common::Fd());
  lifeline_.Close();
}

}  // namespace bpfrig::supervisor
