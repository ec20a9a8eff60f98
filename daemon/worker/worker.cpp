#include "daemon/worker/worker.h"

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/policy/load_policy.h"
#include "daemon/kernel_os/netlink.h"
#include "daemon/seccomp/filter.h"
#include "daemon/worker/call/channel.h"
#include "daemon/worker/dispatcher.h"
#include "daemon/worker/handlers/sandbox.h"

namespace bpfrig::worker {
namespace {

absl::Status Serve(WorkerOptions options) {
  // Opened before the filter, which allows no other.
  BPFRIG_ASSIGN_OR_RETURN(kernel_os::Netlink netlink, kernel_os::Netlink::Open());
  if (options.filter.IsOpen()) BPFRIG_RETURN_IF_ERROR(seccomp::InstallFilter(options.filter));
  options.filter.Close();
  Loop loop(1);
  Sandbox sandbox(loop, std::move(netlink),
                  {.cgroup = std::move(options.cgroup),
                   .runs_counted = options.runs_counted,
                   .policy = kernel_bpf::LoadPolicy::AllowingChecked(options.allow_load),
                   .map_memory = options.map_memory,
                   .map_memory_socket = std::move(options.map_memory_socket),
                   .cgroup_obstacle = std::move(options.cgroup_obstacle)});
  Dispatcher dispatcher(loop, sandbox);
  Channel channel(
      loop, [&](common::Fd socket, bool is_last) { dispatcher.Accept(std::move(socket), is_last); },
      [&] { loop.stop(); });
  Lifeline lifeline(loop, [&] { loop.stop(); });
  BPFRIG_RETURN_IF_ERROR(lifeline.Start(std::move(options.lifeline)));
  BPFRIG_RETURN_IF_ERROR(channel.Start(std::move(options.channel)));
  loop.run();
  return absl::OkStatus();
}

}  // namespace

int RunWorker(WorkerOptions options) {
  base::SetLogName(absl::StrCat("worker ", options.number));
  try {
    const absl::Status served = Serve(std::move(options));
    if (served.ok()) return 0;
    base::LogError(served.message());
  } catch (const std::exception& exception) {
    // Asio's constructors throw if the kernel gives them no epoll or timer descriptor.
    base::LogError(absl::StrCat("running the worker's loop: ", exception.what()));
  }
  return 1;
}

}  // namespace bpfrig::worker
