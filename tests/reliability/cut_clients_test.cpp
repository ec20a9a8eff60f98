// Clients over TCP whose connection vanishes: what they send and what is sent to them goes nowhere, and there
// is neither a FIN nor a RST.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/fd.h"
#include "tests/e2e/remote_rig.h"
#include "tests/reliability/hard_ends.h"
#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

// A client with a full sandbox, on a connection that can be cut.
class CutClient {
 public:
  explicit CutClient(const RemoteDaemon& daemon)
      : socket_(ConnectTo(daemon.Address())), caller_(socket_.Get(), kToken), sandbox_(caller_, {}) {
    const grpc::Status filled = sandbox_.Fill();
    EXPECT_TRUE(filled.ok()) << filled.error_message();
  }
  // Only now a RST: the daemon has long given up.
  ~CutClient() {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    EXPECT_EQ(::setsockopt(socket_.Get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
  }
  CutClient(const CutClient&) = delete;
  CutClient& operator=(const CutClient&) = delete;

  // From now on the socket takes no segment that comes, not even to acknowledge it. It has nothing to send by
  // itself: all its calls were answered but the lease.
  void Cut() const {
    sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    const sock_fprog filter{.len = 1, .filter = &drop};
    EXPECT_EQ(::setsockopt(socket_.Get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)), 0);
  }

 private:
  const common::Fd socket_;
  Caller caller_;
  BusySandbox sandbox_;
};

TEST(CutClientsTest, AllAtOnce) {
  const int count = Scaled(8, 100);
  // Some are left for the plans meanwhile.
  const std::string limit = std::to_string(count + 8);
  const RemoteDaemon daemon({"--max-sandboxes", limit, "--max-sandboxes-per-caller", limit},
                            {std::string("BPFRIGD_TOKEN=") + kToken});
  const SameDaemon same(daemon.Pid(), daemon.UnixTarget());
  const auto workers = [&] { return Daemon::WorkersBelow(daemon.Pid()).size(); };
  {
    const PlansMeanwhile plans(daemon.UnixTarget());
    std::vector<std::unique_ptr<CutClient>> clients;
    for (int i = 0; i < count; ++i) clients.push_back(std::make_unique<CutClient>(daemon));
    EXPECT_GE(workers(), static_cast<size_t>(count));
    const auto cut = std::chrono::steady_clock::now();
    for (const std::unique_ptr<CutClient>& client : clients) client->Cut();
    EXPECT_TRUE(WaitUntil(kPingLimit, [&] { return workers() <= 1; }));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - cut;
    Report("clients cut without FIN, at once", std::to_string(count));
    Report("clients cut without FIN: all gone after, in s", std::to_string(took.count()));
  }
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return workers() == 0; }));
  EXPECT_TRUE(same.StillServes());
}

}  // namespace
}  // namespace bpfrig::tests
