#include "daemon/front/testing/fake_supervisor.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <deque>
#include <string>
#include <utility>

namespace bpfrig::front {
namespace {

auto Patience() { return absl::ToChronoTime(absl::Now() + kPatience); }

}  // namespace

FakeWorker::FakeWorker(common::Fd channel, Script script, OnExit on_exit)
    : channel_(std::move(channel)),
      script_(std::move(script)),
      on_exit_(std::move(on_exit)),
      stop_(*Event::Create()),
      hang_(*Event::Create()),
      loop_([this] { Loop(); }) {}

FakeWorker::~FakeWorker() {
  Die(SIGKILL);
  loop_.join();
  for (std::thread& call : calls_) call.join();
}

void FakeWorker::Die(int signal) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(dead_, true)) return;
    (void)::shutdown(channel_.Get(), SHUT_RDWR);
    for (const auto& socket : sockets_) socket->Shutdown();
  }
  stop_.Signal();
  on_exit_(signal);
}

void FakeWorker::Hang() {
  StopTaking();
  EXPECT_TRUE(WaitForAny({stop_.Get()}, absl::Now() + kPatience).ok());
}

void FakeWorker::AwaitCancel(ipc::MessageSocket& call) {
  EXPECT_TRUE(WaitForAny({call.Get(), stop_.Get()}, absl::Now() + kPatience).ok());
}

void FakeWorker::Loop() {
  while (true) {
    const auto ready = WaitForAny({stop_.Get(), hang_.Get(), channel_.Get()}, absl::InfiniteFuture());
    if (!ready.ok() || *ready == stop_.Get()) return;
    if (*ready == hang_.Get()) {  // what comes now is not even taken from the channel
      (void)WaitForAny({stop_.Get()}, absl::InfiniteFuture());
      return;
    }
    std::string bytes;
    std::deque<common::Fd> fds;
    const auto count = ipc::ReceiveBytes(channel_.Get(), bytes, fds);
    if (!count.ok() || *count == 0) return Die(0);
    const std::lock_guard lock(mutex_);
    if (dead_) return;
    for (common::Fd& fd : fds) {
      sockets_.push_back(std::make_shared<ipc::MessageSocket>(std::move(fd)));
      calls_.emplace_back([this, call = sockets_.back()] { Serve(call); });
    }
  }
}

void FakeWorker::Serve(const std::shared_ptr<ipc::MessageSocket>& call) {
  internal::v1::CallRequest request;
  const auto received = call->Receive(request, absl::Now() + kPatience);
  if (received.ok() && *received) script_(*this, *call, request);
  call->Shutdown();
}

void Answer(ipc::MessageSocket& call, const internal::v1::CallReply& reply) {
  if (call.Send(reply).ok()) Finish(call);
}

void Finish(ipc::MessageSocket& call, absl::StatusCode code, const char* message) {
  internal::v1::CallReply last;
  last.mutable_finished()->set_code(static_cast<int>(code));
  last.mutable_finished()->set_message(message);
  (void)call.Send(last);  // the front may have gone
}

bool AnswerBasics(ipc::MessageSocket& call, const internal::v1::CallRequest& request) {
  internal::v1::CallReply reply;
  if (request.has_open_sandbox()) {
    reply.mutable_open_sandbox()->mutable_opened()->set_netns_cookie(4711);
  } else if (request.has_close_sandbox()) {
    reply.mutable_close_sandbox()->add_programs()->set_program("object/program");
  } else if (request.has_get_info()) {
    reply.mutable_get_info()->set_kernel_release("6.18-fake");
  } else {
    return false;
  }
  Answer(call, reply);
  return true;
}

FakeSupervisor::FakeSupervisor(FakeWorker::Script script) : script_(std::move(script)) {
  auto pair = ipc::MakeSocketPair();
  EXPECT_TRUE(pair.ok()) << pair.status();
  control_ = ipc::MessageSocket(std::move(pair->first));
  front_end_ = std::move(pair->second);
  loop_ = std::thread([this] { Loop(); });
}

FakeSupervisor::~FakeSupervisor() {
  Leave();
  loop_.join();
}

void FakeSupervisor::Leave() { control_.Shutdown(); }

void FakeSupervisor::RefuseSpawns(absl::StatusCode code, const std::string& message) {
  const std::lock_guard lock(mutex_);
  refusal_ = absl::Status(code, message);
}

void FakeSupervisor::SpareWorkers(bool spare) {
  const std::lock_guard lock(mutex_);
  spares_ = spare;
}

void FakeSupervisor::Loop() {
  internal::v1::ControlRequest request;
  while (true) {
    const auto received = control_.Receive(request);
    if (!received.ok() || !*received) break;
    if (request.has_spawn()) Spawn(request.spawn().worker());
    if (request.has_kill()) Kill(request.kill().worker());
    if (request.has_ready()) {
      const std::lock_guard lock(mutex_);
      ready_ = true;
      changed_.notify_all();
    }
  }
  workers_.clear();
}

void FakeSupervisor::Spawn(uint64_t number) {
  internal::v1::ControlReply reply;
  {
    const std::lock_guard lock(mutex_);
    if (!refusal_.ok()) {
      reply.mutable_spawn_failed()->set_worker(number);
      reply.mutable_spawn_failed()->set_code(static_cast<int>(refusal_.code()));
      reply.mutable_spawn_failed()->set_message(std::string(refusal_.message()));
    } else {
      running_.insert(number);
    }
  }
  if (reply.has_spawn_failed()) return Reply(reply);
  auto channel = ipc::MakeSocketPair();
  ASSERT_TRUE(channel.ok()) << channel.status();
  reply.mutable_spawned()->set_worker(number);
  Reply(reply, channel->second.Get());
  auto worker = std::make_shared<FakeWorker>(std::move(channel->first), script_,
                                             [this, number](int signal) { OnExit(number, signal); });
  const std::lock_guard lock(mutex_);
  workers_[number] = std::move(worker);
  ++spawned_;
  changed_.notify_all();
}

void FakeSupervisor::Kill(uint64_t number) {
  bool spares = false;
  {
    const std::lock_guard lock(mutex_);
    spares = spares_;
  }
  const auto found = workers_.find(number);
  if (!spares && found != workers_.end()) found->second->Die(SIGKILL);
  const std::lock_guard lock(mutex_);
  killed_.insert(number);
  changed_.notify_all();
}

void FakeSupervisor::OnExit(uint64_t number, int signal) {
  internal::v1::ControlReply reply;
  reply.mutable_exited()->set_worker(number);
  reply.mutable_exited()->set_signal(signal);
  Reply(reply);
  const std::lock_guard lock(mutex_);
  running_.erase(number);
  changed_.notify_all();
}

void FakeSupervisor::Reply(const internal::v1::ControlReply& reply, int attached) {
  const std::lock_guard lock(send_mutex_);
  (void)control_.Send(reply, attached, absl::Now() + kPatience);  // the front may have gone
}

void FakeSupervisor::Die(uint64_t number, int signal) {
  std::shared_ptr<FakeWorker> worker;
  {
    std::unique_lock lock(mutex_);
    // The front may hear of it before it is there.
    changed_.wait_until(lock, Patience(), [&] { return workers_.count(number) != 0; });
    worker = workers_.at(number);
  }
  worker->Die(signal);
}

bool FakeSupervisor::AwaitSpawns(size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, Patience(), [&] { return spawned_ >= count; });
}

bool FakeSupervisor::AwaitReady() {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, Patience(), [this] { return ready_; });
}

bool FakeSupervisor::AwaitKills(size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, Patience(), [&] { return killed_.size() >= count; });
}

bool FakeSupervisor::AwaitIdle() {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, Patience(), [this] { return running_.empty(); });
}

}  // namespace bpfrig::front
