// RawClient: a client that speaks HTTP/2 by hand, and so can do what gRPC's own does not: say nothing, never
// read, and say what makes no sense. It gives the server unlimited windows.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/fd.h"

namespace bpfrig::front {

class RawClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // Calls that are all alike.
  struct Flood {
    std::string method;
    Headers headers;
    // None if it is empty.
    std::string message;
    bool reset = false;
  };

  // Connects to a unix socket, without a word.
  explicit RawClient(const std::string& path);
  // Of a socket that is connected.
  explicit RawClient(common::Fd socket) : socket_(std::move(socket)) {}

  // The connection's preface.
  void Greet();
  // Begins a call; returns its stream. `more` are headers beside those that every call has.
  uint32_t BeginCall(const std::string& method, const Headers& more = {});
  // The one message of a call.
  void SendMessage(uint32_t stream, absl::string_view message, bool compressed = false);
  void Reset(uint32_t stream);
  // Begins so many such calls at once, and reads what comes meanwhile, without which gRPC would not go on.
  // False if the server has hung up.
  [[nodiscard]] bool BeginCalls(int calls, const Flood& flood);
  // Reads until `text` has come, which is in gRPC's headers as it is, or the connection is over. Returns all
  // bytes as they came.
  [[nodiscard]] std::string ReadUntil(absl::string_view text, absl::Duration patience);
  [[nodiscard]] int fd() const { return socket_.Get(); }

 private:
  // If the server hangs up, what it said can still be read.
  void Write(absl::string_view bytes) const;
  // False if the server has hung up.
  [[nodiscard]] bool WriteAndDropAnswers(absl::string_view bytes) const;

  common::Fd socket_;
  uint32_t next_stream_ = 1;
};

}  // namespace bpfrig::front
