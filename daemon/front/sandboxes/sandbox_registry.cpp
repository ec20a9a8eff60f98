#include "daemon/front/sandboxes/sandbox_registry.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

using base::MakeError;
using base::Reason;

// For how many sandboxes that are gone it is remembered why.
constexpr size_t kMaxPast = 1024;
// How often it is looked at whether sandboxes that have ended are stuck, while somebody waits for them.
constexpr absl::Duration kStuckCheck = absl::Milliseconds(100);

// 16 hex digits. Whoever knows an id may use the sandbox, so that ids are not to be guessed.
absl::StatusOr<std::string> MakeId() {
  uint64_t number = 0;
  if (TEMP_FAILURE_RETRY(::getrandom(&number, sizeof(number), 0)) != sizeof(number)) {
    return base::ErrnoError("choosing a sandbox's id");
  }
  return std::string(absl::StrCat(absl::Hex(number, absl::kZeroPad16)));
}

absl::Status ShuttingDown() {
  return MakeError(Reason::kSandboxClosed, "opening a sandbox: the daemon is shutting down");
}

}  // namespace

absl::StatusOr<std::shared_ptr<Sandbox>> SandboxRegistry::Create(const std::string& label, Share share,
                                                                 absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(const std::string id, MakeId());
  std::unique_lock lock(mutex_);
  const auto is_decided = [this] {
    return closed_ || sandboxes_.size() < max_sandboxes_ ||
           CountOpenLocked() + CountStuckLocked() >= max_sandboxes_;
  };
  // Nobody tells when one is stuck.
  while (!is_decided() && absl::Now() < deadline) {
    retired_.wait_until(lock, absl::ToChronoTime(std::min(deadline, absl::Now() + kStuckCheck)), is_decided);
  }
  if (closed_) return ShuttingDown();
  if (sandboxes_.size() >= max_sandboxes_) {
    return base::WithHint(
        MakeError(Reason::kLimitReached, absl::StrCat("opening a sandbox: ", DescribeLocked())),
        "Close one, or start the daemon with a larger --max-sandboxes.");
  }
  auto sandbox = std::make_shared<Sandbox>(id, label, std::move(share), link_, spares_,
                                           [this](const Sandbox& ended) { Retire(ended); });
  sandboxes_.emplace(id, sandbox);
  return sandbox;
}

absl::StatusOr<std::shared_ptr<Sandbox>> SandboxRegistry::Find(const std::string& id) const {
  std::shared_ptr<Sandbox> sandbox;
  {
    const std::lock_guard lock(mutex_);
    if (const auto past = past_.find(id); past != past_.end()) return HasEnded(id, past->second);
    const auto found = sandboxes_.find(id);
    if (found != sandboxes_.end()) sandbox = found->second;
  }
  if (!sandbox) {
    return base::WithHint(
        base::WithObject(MakeError(Reason::kUnknownName, absl::StrCat("there is no sandbox ", id)), id),
        "A sandbox's id comes from OpenSandbox, and is good as long as that call's stream.");
  }
  BPFRIG_RETURN_IF_ERROR(sandbox->CheckOpen());
  return sandbox;
}

std::shared_ptr<Sandbox> SandboxRegistry::FindAny(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = sandboxes_.find(id);
  return found == sandboxes_.end() ? nullptr : found->second;
}

void SandboxRegistry::Retire(const Sandbox& sandbox) {
  const std::optional<v1::SandboxEnded> ended = sandbox.ended();
  std::shared_ptr<Sandbox> last_reference;  // let go of after the lock
  {
    const std::lock_guard lock(mutex_);
    const auto found = sandboxes_.find(sandbox.id());
    if (found == sandboxes_.end()) return;
    last_reference = std::move(found->second);
    sandboxes_.erase(found);
    past_order_.push_back(past_.emplace(sandbox.id(), ended ? ended->message() : "it has not begun").first);
    if (past_order_.size() > kMaxPast) {
      past_.erase(past_order_.front());
      past_order_.pop_front();
    }
  }
  retired_.notify_all();
}

void SandboxRegistry::EndAll() {
  std::vector<std::shared_ptr<Sandbox>> all;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (const auto& [id, sandbox] : sandboxes_) all.push_back(sandbox);
  }
  retired_.notify_all();
  for (const auto& sandbox : all) {
    sandbox->End(v1::SANDBOX_END_REASON_SHUTDOWN, "the daemon is shutting down");
  }
}

uint32_t SandboxRegistry::CountOpen() const {
  const std::lock_guard lock(mutex_);
  return CountOpenLocked();
}

uint32_t SandboxRegistry::CountStuck() const {
  const std::lock_guard lock(mutex_);
  return CountStuckLocked();
}

uint32_t SandboxRegistry::CountStuckLocked() const {
  return static_cast<uint32_t>(std::count_if(sandboxes_.begin(), sandboxes_.end(),
                                             [](const auto& entry) { return entry.second->IsStuck(); }));
}

std::string SandboxRegistry::DescribeLocked() const {
  const uint32_t stuck = CountStuckLocked();
  if (stuck == 0) return absl::StrCat(max_sandboxes_, " are open already");
  return absl::StrCat(CountOpenLocked(), " are open already, and ", stuck,
                      " that have ended still run a program in the kernel");
}

uint32_t SandboxRegistry::CountOpenLocked() const {
  return static_cast<uint32_t>(std::count_if(sandboxes_.begin(), sandboxes_.end(),
                                             [](const auto& entry) { return !entry.second->ended(); }));
}

}  // namespace bpfrig::front
