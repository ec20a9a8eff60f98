// bpfrigd-front: the process that speaks gRPC. The supervisor starts it, as an ordinary user, with
// descriptors at fixed numbers; it is not for use by hand.
#include <fcntl.h>
#include <grpc/grpc.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "common/version.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/front/front.h"
#include "daemon/front/remote/grpc_log.h"
#include "daemon/ipc/front_descriptors.h"
#include "daemon/seccomp/filter.h"

namespace bpfrig::front {
namespace {

constexpr int kMaxArenas = 4;

// Takes over a descriptor that the supervisor passed.
absl::StatusOr<common::Fd> Inherit(int fd) {
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) return common::Fd(fd);
  return base::WithHint(base::ErrnoError(absl::StrCat("taking over descriptor ", fd)),
                        "bpfrigd starts this program; it is of no use by itself.");
}

// SIGTERM and SIGINT as a descriptor. Before there are threads, all of which are to block them.
absl::StatusOr<common::Fd> CatchSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return base::ErrnoError("blocking signals");
  common::Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.IsOpen()) return base::ErrnoError("making a signalfd");
  (void)::signal(SIGPIPE, SIG_IGN);  // NOLINT(bugprone-bad-signal-to-kill-thread)
  // For the supervisor, though whoever sends it may send it to all.
  (void)::signal(SIGHUP, SIG_IGN);
  return fd;
}

// For this thread and all that it will start.
absl::Status Confine() {
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd filter, seccomp::MakeFilter(seccomp::RefusedToFront()));
  return seccomp::InstallFilter(filter);
}

absl::Status Serve(const FrontOptions& options, bool with_tcp) {
  BPFRIG_RETURN_IF_ERROR(Confine());
  FrontSockets sockets;
  BPFRIG_ASSIGN_OR_RETURN(sockets.listener, Inherit(ipc::kFrontListenerNumber));
  BPFRIG_ASSIGN_OR_RETURN(sockets.control, Inherit(ipc::kFrontControlNumber));
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd lifeline, Inherit(ipc::kFrontLifelineNumber));
  if (with_tcp) {
    BPFRIG_ASSIGN_OR_RETURN(sockets.tcp_listener, Inherit(ipc::kFrontTcpListenerNumber));
  }
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd signals, CatchSignals());
  BPFRIG_ASSIGN_OR_RETURN(const auto front, Front::Start(options, std::move(sockets)));
  return front->Run(lifeline.Get(), signals.Get());
}

// The allocator makes up to eight arenas for each processor, and each keeps about as much as it ever held.
// With a thread for each call all of them come to be used: the front would grow for a thousand sandboxes, and
// more on a machine with more processors.
void BoundArenas() { (void)::mallopt(M_ARENA_MAX, kMaxArenas); }

// Without this the last server would end gRPC too, which can wait ten seconds for a thread of its own that
// polls for clients whose sockets were full. The process is about to end anyway.
void KeepGrpc() { ::grpc_init(); }

int Main(int argc, char** argv) {
  BoundArenas();
  KeepGrpc();
  FrontOptions options;
  bool with_tcp = false;
  base::LogLevel level = base::LogLevel::kInfo;
  const std::map<std::string, base::LogLevel> levels = {{"debug", base::LogLevel::kDebug},
                                                        {"info", base::LogLevel::kInfo},
                                                        {"warning", base::LogLevel::kWarning},
                                                        {"error", base::LogLevel::kError}};
  CLI::App app("The gRPC front of bpfrigd, which starts it.", "bpfrigd-front");
  app.set_version_flag("--version", std::string("bpfrigd-front ") + common::VersionAndRevision());
  for (const ipc::FrontLimit& limit : ipc::kFrontLimits) {
    app.add_option(limit.flag, options.limits.*limit.value, limit.help)
        ->check(CLI::Range(limit.minimum, limit.maximum));
  }
  app.add_flag("--tcp", with_tcp, "A TCP listener is passed too, and its credentials follow");
  app.add_option("--log-level", level, "debug, info, warning or error")
      ->transform(CLI::CheckedTransformer(levels));
  bool json = false;
  app.add_flag("--json-log", json, "Log one JSON object a line");
  CLI11_PARSE(app, argc, argv);

  // Started from a descriptor it would be called by that one's number.
  (void)::prctl(PR_SET_NAME, "bpfrigd-front", 0, 0, 0);
  base::SetLogName("front");
  base::SetLogLevel(level);
  if (json) base::SetLogFormat(base::LogFormat::kJson);
  RouteGrpcLog();
  const absl::Status status = Serve(options, with_tcp);
  if (status.ok()) return EXIT_SUCCESS;
  const std::string hint = base::DetailOf(status).hint;
  base::LogError(absl::StrCat(status.message(), hint.empty() ? "" : ". ", hint));
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace bpfrig::front

int main(int argc, char** argv) { return bpfrig::front::Main(argc, argv); }
