// DatagramServer: a server that is one socket.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/worker/traffic/datagram_socket.h"
#include "daemon/worker/traffic/server.h"

namespace bpfrig::worker {

class DatagramServer final : public Server {
 public:
  explicit DatagramServer(std::shared_ptr<DatagramSocket> socket) : socket_(std::move(socket)) {}

  [[nodiscard]] std::shared_ptr<Socket> socket() const override { return socket_; }
  [[nodiscard]] std::shared_ptr<StreamEnd> TakeAccepted(const Condition&) override { return nullptr; }
  [[nodiscard]] std::optional<BareAccepted> AcceptNow(const Endpoint&, const Endpoint&) override {
    return std::nullopt;
  }
  void ForgetClosed() override {}
  [[nodiscard]] uint64_t CountFrom(const Endpoint& source) const override {
    return socket_->CountFrom(source);
  }
  [[nodiscard]] std::vector<DatagramArrival> Arrivals() const override {
    return {socket_->arrivals().begin(), socket_->arrivals().end()};
  }
  void Close() override { socket_->Close(false); }

 private:
  const std::shared_ptr<DatagramSocket> socket_;
};

}  // namespace bpfrig::worker
