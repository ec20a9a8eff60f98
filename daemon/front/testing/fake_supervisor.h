// A supervisor and its workers for the front's tests, in this process and speaking the real protocols. What a
// worker does with a call is the test's to say.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "bpfrig/internal/v1/control.pb.h"
#include "bpfrig/internal/v1/worker.pb.h"
#include "common/fd.h"
#include "daemon/front/sandboxes/event.h"
#include "daemon/ipc/message_socket.h"

namespace bpfrig::front {

// How long tests wait for what has to come.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

class FakeWorker {
 public:
  // Serves one call, on a thread of its own. The call's socket is closed when it returns.
  using Script =
      std::function<void(FakeWorker&, ipc::MessageSocket& call, const internal::v1::CallRequest& request)>;
  using OnExit = std::function<void(int signal)>;

  FakeWorker(common::Fd channel, Script script, OnExit on_exit);
  ~FakeWorker();

  // Dies of a signal, or with 0 exits.
  void Die(int signal);
  // Takes no call any more.
  void StopTaking() { hang_.Signal(); }
  // Stops answering altogether, until it dies. For scripts: returns when it has died.
  void Hang();
  // For scripts: until the front has closed the call or the worker has died.
  void AwaitCancel(ipc::MessageSocket& call);

 private:
  void Loop();
  void Serve(const std::shared_ptr<ipc::MessageSocket>& call);

  const common::Fd channel_;
  const Script script_;
  const OnExit on_exit_;
  Event stop_;
  Event hang_;
  std::mutex mutex_;
  bool dead_ = false;
  std::vector<std::shared_ptr<ipc::MessageSocket>> sockets_;
  std::vector<std::thread> calls_;
  std::thread loop_;
};

// Ends a call well, with or without a reply.
void Answer(ipc::MessageSocket& call, const internal::v1::CallReply& reply);
void Finish(ipc::MessageSocket& call, absl::StatusCode code = absl::StatusCode::kOk,
            const char* message = "");
// What every worker answers to what the front itself asks; false for all other calls.
bool AnswerBasics(ipc::MessageSocket& call, const internal::v1::CallRequest& request);

class FakeSupervisor {
 public:
  explicit FakeSupervisor(FakeWorker::Script script);
  ~FakeSupervisor();

  // The front's end of the control socket.
  [[nodiscard]] common::Fd TakeControl() { return std::move(front_end_); }
  // Spawning fails from now on.
  void RefuseSpawns(absl::StatusCode code, const std::string& message);
  // Kills have no effect from now on, as on a worker that is in the kernel; until FakeWorkers end.
  void SpareWorkers(bool spare);
  // A worker dies of a signal by itself; its number counts from 1.
  void Die(uint64_t number, int signal);
  // Goes away: closes the control socket.
  void Leave();

  // All of these wait, some seconds at most.
  bool AwaitReady();
  bool AwaitKills(size_t count);
  // Until so many workers were started, those included that are no more.
  bool AwaitSpawns(size_t count);
  // Until no worker is left.
  bool AwaitIdle();

 private:
  void Loop();
  void Spawn(uint64_t number);
  void Kill(uint64_t number);
  void OnExit(uint64_t number, int signal);
  void Reply(const internal::v1::ControlReply& reply, int attached = -1);

  const FakeWorker::Script script_;
  common::Fd front_end_;
  ipc::MessageSocket control_{common::Fd()};
  std::mutex send_mutex_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;
  std::set<uint64_t> killed_;
  std::set<uint64_t> running_;
  absl::Status refusal_;
  bool spares_ = false;
  size_t spawned_ = 0;
  std::map<uint64_t, std::shared_ptr<FakeWorker>> workers_;  // written by the loop alone
  std::thread loop_;
};

}  // namespace bpfrig::front
