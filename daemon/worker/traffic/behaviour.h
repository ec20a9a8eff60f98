// Behaviour: what a server does with those who come, of its own accord.
#pragma once

#include <string>

namespace bpfrig::worker {

struct Behaviour {
  // kNone is a dialled end: it stays open when its peer has closed. All others close then.
  enum class Kind { kNone, kEcho, kSink, kReply, kClose };
  Kind kind = Kind::kNone;
  // For kReply.
  std::string reply;
};

}  // namespace bpfrig::worker
