// TestRecord: what one try of a test leaves for `run --artifacts`: the verifier's logs, its maps, events and
// traffic. The trial and its step runner tell it what happens; it is kept in memory until the verdict is
// known.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "client/plan/plan.h"
#include "client/run/artifacts.h"
#include "client/run/map_record.h"
#include "client/run/sandbox.h"
#include "client/run/traffic_record.h"
#include "client/verdict/events.h"

namespace bpfrig::client::run {

class TestRecord {
 public:
  // The test outlives it.
  explicit TestRecord(const plan::Test& test) : maps_(test) {}

  // Before the step that is called so: "step 3, connect".
  void BeginStep(const plan::Step& step, const std::string& what, Sandbox& sandbox);
  // A call of the step was answered.
  void NoteAnswer(const google::protobuf::Message& request, const google::protobuf::Message& answer);
  // The step has read events: those from `first` on, and so many were lost.
  void NoteEvents(const std::string& map, const verdict::Events& events, size_t first, uint64_t lost);
  // After the steps, before those that take down: reads only what stays as it is.
  void TakeMaps(Sandbox& sandbox) { maps_.TakeAfter(sandbox, traffic_.Sockets()); }
  // Before the sandbox is closed: takes what is left. Receiving may run programs, so it is for tests that
  // have failed: it must not be why a program ran.
  void TakeRest(Sandbox& sandbox, bool has_failed);

  [[nodiscard]] std::vector<Artifact> ToArtifacts() const;

 private:
  std::string step_;
  std::vector<Artifact> logs_;
  MapRecord maps_;
  TrafficRecord traffic_;
};

}  // namespace bpfrig::client::run
