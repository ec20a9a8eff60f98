// SupervisorLink: the front's side of the control socket. It asks for workers, ends them, and passes on when
// they exit; a thread of its own reads what the supervisor says. Sandboxes call it from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bpfrig/internal/v1/control.pb.h"
#include "common/fd.h"
#include "daemon/ipc/message_socket.h"

namespace bpfrig::front {

// How a worker ended.
struct WorkerExit {
  int signal = 0;  // 0 if it exited
  int status = 0;
};

// A worker that runs.
struct SpawnedWorker {
  uint64_t number = 0;
  common::Fd channel;
};

class SupervisorLink {
 public:
  using ExitListener = std::function<void(const WorkerExit&)>;
  using CredentialsListener = std::function<void(const internal::v1::Credentials&)>;

  // `on_credentials` is called if the supervisor sends some, `on_gone` once, if it has closed its end;
  // both from the link's thread.
  SupervisorLink(common::Fd control, CredentialsListener on_credentials, std::function<void()> on_gone);
  ~SupervisorLink() { Stop(); }
  SupervisorLink(const SupervisorLink&) = delete;
  SupervisorLink& operator=(const SupervisorLink&) = delete;

  // Waits for a worker. `on_exit` is called once, from the link's thread, when it was reaped; it must not
  // wait. It is not called if the supervisor is gone, or if the spawning failed.
  [[nodiscard]] absl::StatusOr<SpawnedWorker> Spawn(uint32_t open_files, absl::Time deadline,
                                                    ExitListener on_exit);
  // Ends a worker at once, without waiting for it.
  void Kill(uint64_t worker);
  // Says that the front accepts calls.
  [[nodiscard]] absl::Status SendReady();
  // Ends the thread; no listener is called after.
  void Stop();

 private:
  struct Worker {
    bool answered = false;
    absl::Status failure;
    common::Fd channel;
    ExitListener on_exit;
  };

  void ReadReplies();
  void Dispatch(const internal::v1::ControlReply& reply);
  void OnSpawned(uint64_t number, common::Fd channel);
  void OnSpawnFailed(const internal::v1::SpawnFailed& failed);
  void OnExited(const internal::v1::WorkerExited& exited);
  void OnGone();
  [[nodiscard]] absl::Status SendRequest(const internal::v1::ControlRequest& request);

  ipc::MessageSocket control_;  // received from by the thread alone
  const CredentialsListener on_credentials_;
  const std::function<void()> on_gone_;
  std::mutex send_mutex_;
  std::mutex mutex_;
  std::condition_variable answered_;
  bool gone_ = false;
  uint64_t next_worker_ = 1;
  std::map<uint64_t, std::shared_ptr<Worker>> workers_;
  std::thread thread_;
};

}  // namespace bpfrig::front
