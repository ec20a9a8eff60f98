// PlainSocket: a socket that is there, bound or not, and does nothing.
#pragma once

#include <utility>

#include "common/fd.h"
#include "daemon/worker/traffic/socket.h"

namespace bpfrig::worker {

class PlainSocket final : public Socket {
 public:
  PlainSocket(common::Fd descriptor, const SocketFacts& facts)
      : Socket(descriptor.Get(), facts), owned_(std::move(descriptor)) {}

  [[nodiscard]] bool IsClosed() const override { return !owned_.IsOpen(); }
  void Close(bool /*reset*/) override { owned_.Close(); }

 private:
  common::Fd owned_;
};

}  // namespace bpfrig::worker
