// ReadEvents: takes records out of a ring buffer or perf event array, waiting for them if asked to. What
// nobody has read stays there for the next reader.
#include <fcntl.h>
#include <google/protobuf/arena.h>

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/worker/handlers/expected_values.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/record_codec.h"
#include "daemon/worker/traffic/waits.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::ReadEventsRequest;

constexpr size_t kMaxMessageRecords = 4096;
constexpr size_t kDrainAtOnce = 64;
// A program may submit records without waking the reader (BPF_RB_NO_WAKEUP): look as often as this all the
// same.
constexpr auto kLookAgain = std::chrono::milliseconds(20);

// One ReadEvents on its way; the map's only reader.
class Reading : public std::enable_shared_from_this<Reading> {
 public:
  Reading(Sandbox& sandbox, CallPtr call, const ReadEventsRequest& request, const kernel_bpf::Map& map,
          kernel_bpf::RecordReader& reader, RecordCodec codec)
      : sandbox_(sandbox),
        call_(std::move(call)),
        map_id_(map.info().id),
        at_least_(request.at_least()),
        packed_(request.packed()),
        has_cpus_(map.IsPerfEventArray()),
        deadline_(Clock::now() + std::chrono::milliseconds(request.wait_ms())),
        codec_(codec),
        reader_(reader),
        poll_(sandbox.loop()) {}

  // `first` has the patterns. The reader's place was taken already.
  void Start(const Call::Reply& first);

 private:
  // Takes what is there, sends it, and comes back until there is no more.
  void Step();
  [[nodiscard]] absl::StatusOr<size_t> Drain(bpfrig::v1::ReadEventsResponse& message);
  [[nodiscard]] absl::StatusOr<size_t> DrainPacked(bpfrig::v1::PackedRecords& packed);
  [[nodiscard]] absl::Status Add(const kernel_bpf::Record& record,
                                 bpfrig::v1::ReadEventsResponse& message) const;
  // Waits until there may be more.
  void Wait();
  void WatchBuffer();
  void Answer(bool timed_out);
  void StopReading();

  Sandbox& sandbox_;
  CallPtr call_;
  const uint32_t map_id_;
  const uint32_t at_least_;
  const bool packed_;
  const bool has_cpus_;
  const Clock::time_point deadline_;
  const RecordCodec codec_;
  kernel_bpf::RecordReader& reader_;     // of the sandbox's objects, taken until the call is over
  asio::posix::stream_descriptor poll_;  // a duplicate of reader_'s
  Signal readable_signal_;
  bool readable_ = false;
  bool watching_ = false;
  bool wait_over_ = false;
  uint64_t count_ = 0;
};

void Reading::Start(const Call::Reply& first) {
  call_->over_signal().Add([self = shared_from_this()] { self->StopReading(); });
  const int fd = ::fcntl(reader_.PollFd(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return call_->Finish(base::ErrnoError("duplicating a record reader's descriptor"));
  common::Fd duplicate(fd);
  error_code error;
  poll_.assign(duplicate.Get(), error);
  if (error) return call_->Finish(base::KernelError(-error.value(), "watching a map's records"));
  (void)duplicate.Release();
  call_->Send(first, [self = shared_from_this()] { self->Step(); });
}

void Reading::Step() {
  if (call_->IsOver()) return;
  // An event by its type is many small messages, which come and go together.
  google::protobuf::Arena arena;
  Call::Reply& reply = *google::protobuf::Arena::CreateMessage<Call::Reply>(&arena);
  bpfrig::v1::ReadEventsResponse& message = *reply.mutable_read_events();
  const absl::StatusOr<size_t> taken = packed_ ? DrainPacked(*message.mutable_packed()) : Drain(message);
  if (!taken.ok()) return call_->Finish(taken.status());
  count_ += *taken;
  if (*taken > 0) return call_->Send(reply, [self = shared_from_this()] { self->Step(); });
  if (count_ >= at_least_) return Answer(false);
  if (wait_over_ || Clock::now() >= deadline_) return Answer(true);
  Wait();
}

absl::StatusOr<size_t> Reading::Drain(bpfrig::v1::ReadEventsResponse& message) {
  size_t taken = 0;
  size_t bytes = 0;
  absl::Status added;
  const auto add = [&](const kernel_bpf::Record& record) {
    bytes += record.bytes.size();
    if (added.ok()) added = Add(record, message);
  };
  while (taken < kMaxMessageRecords && bytes < kMaxStreamMessageBytes) {
    BPFRIG_ASSIGN_OR_RETURN(const size_t count, reader_.Drain(kDrainAtOnce, add));
    if (!added.ok()) return added;
    taken += count;
    if (count < kDrainAtOnce) break;
  }
  return taken;
}

absl::StatusOr<size_t> Reading::DrainPacked(bpfrig::v1::PackedRecords& packed) {
  std::string& bytes = *packed.mutable_records();
  size_t taken = 0;
  const auto add = [&](const kernel_bpf::Record& record) {
    bytes.append(record.bytes.data(), record.bytes.size());
    packed.add_lengths(static_cast<uint32_t>(record.bytes.size()));
    if (has_cpus_) packed.add_cpus(record.cpu);
  };
  // Empty records take room, too.
  while (bytes.size() + taken * sizeof(uint32_t) < kMaxPackedMessageBytes) {
    BPFRIG_ASSIGN_OR_RETURN(const size_t count, reader_.Drain(kDrainAtOnce, add));
    taken += count;
    if (count < kDrainAtOnce) break;
  }
  return taken;
}

absl::Status Reading::Add(const kernel_bpf::Record& record, bpfrig::v1::ReadEventsResponse& message) const {
  bpfrig::v1::Event& event = *message.add_events();
  event.set_raw(std::string(record.bytes));
  event.set_cpu(record.cpu);
  return codec_.Decode(record.bytes, event);
}

void Reading::Wait() {
  readable_ = false;
  WatchBuffer();
  const Clock::time_point until = std::min<Clock::time_point>(deadline_, Clock::now() + kLookAgain);
  AwaitSignal(
      sandbox_.loop(), readable_signal_, call_, until,
      [self = shared_from_this()] { return self->readable_; },
      [self = shared_from_this()](WaitResult result) {
        if (result == WaitResult::kCancelled) return;
        self->wait_over_ = Clock::now() >= self->deadline_;
        self->Step();
      });
}

void Reading::WatchBuffer() {
  if (watching_) return;
  watching_ = true;
  poll_.async_wait(asio::posix::stream_descriptor::wait_read,
                   [self = shared_from_this()](const error_code& error) {
                     self->watching_ = false;
                     if (error) return;
                     self->readable_ = true;
                     self->readable_signal_.Notify();
                   });
}

void Reading::Answer(bool timed_out) {
  const absl::StatusOr<uint64_t> lost = reader_.TakeLost();
  if (!lost.ok()) return call_->Finish(lost.status());
  Call::Reply reply;
  bpfrig::v1::EventsSummary& summary = *reply.mutable_read_events()->mutable_summary();
  summary.set_count(count_);
  summary.set_timed_out(timed_out);
  summary.set_lost(*lost);
  call_->FinishWith(absl::OkStatus(), reply);
}

void Reading::StopReading() {
  error_code ignored;  // closing a duplicate has nothing to lose
  poll_.close(ignored);
  sandbox_.objects().GiveReaderBack(map_id_);
}

absl::Status StartReading(Sandbox& sandbox, const CallPtr& call, const ReadEventsRequest& request) {
  const absl::StatusOr<MapReference> map = sandbox.objects().FindMap(request.map());
  if (!map.ok()) return base::WithField(map.status(), "map");
  const absl::StatusOr<RecordCodec> codec = RecordCodec::Open(sandbox, *map, request.type());
  if (!codec.ok()) return base::WithField(codec.status(), "type");
  Call::Reply first;
  const absl::Status resolved = ResolvePatterns(sandbox.values(), codec->type(), request.patterns(),
                                                *first.mutable_read_events()->mutable_patterns());
  if (!resolved.ok()) return codec->type() ? resolved : NameTheType(resolved, sandbox, *map);
  const absl::StatusOr<kernel_bpf::RecordReader*> reader = sandbox.objects().TakeReader(*map);
  if (!reader.ok()) return base::WithField(reader.status(), "map");
  std::make_shared<Reading>(sandbox, call, request, *map->map, **reader, *codec)->Start(first);
  return absl::OkStatus();
}

}  // namespace

void HandleReadEvents(Sandbox& sandbox, const CallPtr& call, const ReadEventsRequest& request) {
  const absl::Status started = StartReading(sandbox, call, request);
  if (!started.ok()) call->Finish(started);
}

}  // namespace bpfrig::worker
