// The readers of listen, socket, connect, send and receive: what these expect, they also wait for.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/steps/shapes.h"
#include "client/plan/yaml/scalars.h"
#include "proto/rules/transports.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::ConnectRequest;
using bpfrig::v1::ReceiveRequest;

bool IsTrue(const Pattern* pattern) {
  return pattern != nullptr && pattern->kind == PatternKind::kEqual && pattern->value.text() == "true";
}

// Whether only no bytes at all satisfy the pattern.
bool IsNothing(const Pattern& pattern) {
  return pattern.kind == PatternKind::kEqual && pattern.value.raw().empty() && pattern.value.text().empty();
}

size_t LeastBytes(const Pattern* pattern);

size_t LeastOfAny(const std::vector<Pattern>& patterns) {
  size_t least = patterns.empty() ? 0 : SIZE_MAX;
  for (const Pattern& pattern : patterns) least = std::min(least, LeastBytes(&pattern));
  return least;
}

// The fewest bytes that satisfy the pattern, as far as it says: 0 if no bytes do.
size_t LeastBytes(const Pattern* pattern) {
  if (pattern == nullptr) return 0;
  switch (pattern->kind) {
    case PatternKind::kEqual:
      return std::max(pattern->value.raw().size(), pattern->value.text().size());
    case PatternKind::kContains:
    case PatternKind::kStartsWith:
    case PatternKind::kEndsWith:
      return pattern->parts.empty() ? 0 : LeastBytes(&pattern->parts[0]);
    case PatternKind::kLength:
      return pattern->parts.empty() ? 0 : static_cast<size_t>(LeastNumber(pattern->parts[0]));
    case PatternKind::kMatches:
      return pattern->regex == nullptr || RE2::PartialMatch("", *pattern->regex) ? 0 : 1;
    case PatternKind::kAnyOf:
      return LeastOfAny(pattern->parts);
    case PatternKind::kNot:
      return !pattern->parts.empty() && IsNothing(pattern->parts[0]) ? 1 : 0;
    default:
      return 0;
  }
}

Expectation<std::vector<std::string>> TakeServers(StepSource& source) {
  NodePtr node = source.expect.Find("servers");
  if (node == nullptr) return std::nullopt;
  std::vector<std::string> names;
  ReadList(node, "servers", source.problems, [&](const NodePtr& item) {
    std::string name = ReadName(item, "servers", source.problems);
    names.push_back(name == "none" ? "" : std::move(name));
  });
  if (source.repeat == nullptr) {
    source.problems.Add(node->mark, "servers goes with repeat; of one connection it is server: NAME");
  }
  return Marked<std::vector<std::string>>{std::move(names), node->mark};
}

// Of an expectation: what the request says is held to its rules.
void CheckExpectedClose(const ConnectRequest& request, StepSource& source) {
  const Pattern* closed = FindPart(source.call.expected, "peer_closed");
  if (!IsTrue(closed) || !rules::IsOfDatagrams(request.transport())) return;
  source.problems.Add(closed->node->mark, rules::NeedsConnections("peer_closed", request.transport()));
}

}  // namespace

Shape ReadConnect(StepSource& source) {
  ConnectShape shape;
  ReadRequest(source);
  ReadExpected(source);
  auto& request = As<ConnectRequest>(*source.call.request);
  const Pattern& expected = source.call.expected;
  shape.servers = TakeServers(source);
  CheckExpectedClose(request, source);
  if (!request.has_receive()) {
    const size_t bytes = LeastBytes(FindPart(expected, "received"));
    if (IsTrue(FindPart(expected, "peer_closed"))) {
      request.mutable_receive()->set_until_closed(true);
    } else if (bytes > 0) {
      request.mutable_receive()->set_at_least(static_cast<uint32_t>(bytes));
    }
  }
  if (!request.name().empty() && source.call.repeat > 1) {
    source.problems.Add(source.fields.mark(),
                        "name and repeat exclude each other: each connection that is kept has its own name");
  }
  return shape;
}

Shape ReadSend(StepSource& source) {
  ReadRequest(source);
  ReadExpected(source);
  return SendShape();
}

Shape ReadReceive(StepSource& source) {
  ReadRequest(source);
  ReadExpected(source);
  auto& request = As<ReceiveRequest>(*source.call.request);
  const Pattern& expected = source.call.expected;
  const bool expects_source =
      FindPart(expected, "from") != nullptr || FindPart(expected, "truncated") != nullptr;
  if (request.has_until()) return ReceiveShape();
  if (IsTrue(FindPart(expected, "peer_closed"))) {
    request.mutable_until()->set_until_closed(true);
    return ReceiveShape();
  }
  const Pattern* data = FindPart(expected, "data");
  const Pattern* start = FindPart(expected, "starts_with");
  size_t bytes = std::max(LeastBytes(data), LeastBytes(start));
  // Even an empty datagram has to come.
  if (expects_source || (request.room() > 0 && (data != nullptr || start != nullptr))) {
    bytes = std::max<size_t>(bytes, 1);
  }
  if (bytes > 0) request.mutable_until()->set_at_least(static_cast<uint32_t>(bytes));
  return ReceiveShape();
}

}  // namespace bpfrig::client::plan
