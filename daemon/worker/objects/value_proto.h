// Values between the wire and kernel_bpf. On the way in, tags are resolved: addresses into bytes, and
// references to what the sandbox holds into descriptors, ids and cookies. On the way out there is nothing to
// resolve.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "bpfrig/v1/value.pb.h"
#include "daemon/kernel_bpf/btf/value.h"
#include "daemon/worker/objects/object_store.h"
#include "daemon/worker/traffic/traffic.h"

namespace bpfrig::worker {

// The one reference by descriptor that a map's key or value may be.
enum class Reference { kNone, kSocket, kProgram, kMap, kCgroup };
// The kernel takes descriptors, and gives back ids (programs, maps) and cookies (sockets); an expected key is
// what it takes. Only of what is expected a part may be left unsaid.
enum class Purpose { kWrite, kExpectKey, kExpect };

// What programs of a sandbox see as its numbers. Absent: not known.
struct SandboxNumbers {
  std::optional<uint64_t> netns_cookie;
  uint64_t cgroup_id = 0;
  std::optional<uint32_t> pid;
  uint32_t uid = 0;
  uint32_t ifindex = 0;
  // The cgroup's directory, borrowed, for maps that the kernel wants a cgroup in.
  int cgroup_fd = -1;
};

class ValueResolver {
 public:
  // Borrows all. A number that is not known is UNSUPPORTED.
  ValueResolver(const Traffic& traffic, const ObjectStore& objects, const SandboxNumbers& numbers)
      : traffic_(traffic), objects_(objects), numbers_(numbers) {}

  // Errors have the path within the value. `allowed` is for the value itself: its members are never
  // references.
  [[nodiscard]] absl::StatusOr<kernel_bpf::Value> Resolve(const bpfrig::v1::Value& value, Reference allowed,
                                                          Purpose purpose) const;
  // The bytes of a value that has no type: a number takes `number_size` of them, in host order.
  [[nodiscard]] absl::StatusOr<std::string> ResolveBytes(const bpfrig::v1::Value& value,
                                                         size_t number_size) const;
  // Members by name, as the globals of an object.
  [[nodiscard]] absl::StatusOr<kernel_bpf::Fields> ResolveFields(
      const google::protobuf::RepeatedPtrField<bpfrig::v1::Field>& fields, Purpose purpose) const;

 private:
  [[nodiscard]] absl::StatusOr<kernel_bpf::Value> ResolveTag(const bpfrig::v1::Tag& tag, Reference allowed,
                                                             Purpose purpose) const;
  [[nodiscard]] absl::StatusOr<kernel_bpf::Value> ResolveConcat(const bpfrig::v1::ValueList& list) const;
  [[nodiscard]] absl::StatusOr<kernel_bpf::Value> ResolveSocket(const bpfrig::v1::SocketReference& reference,
                                                                Purpose purpose) const;
  [[nodiscard]] absl::StatusOr<kernel_bpf::Value> ResolveTuple(const bpfrig::v1::TupleReference& tuple) const;

  const Traffic& traffic_;
  const ObjectStore& objects_;
  const SandboxNumbers& numbers_;
};

// What decoding gave.
void ToProto(const kernel_bpf::Value& value, bpfrig::v1::Value& out);

// The bytes of a `struct bpf_sock_tuple` from `source` to `destination`: 12 of its IPv4 arm or 36 of its IPv6
// arm. An IPv4-mapped address is IPv4.
[[nodiscard]] std::string EncodeSockTuple(const Endpoint& source, const Endpoint& destination,
                                          bool ports_in_host_order);

}  // namespace bpfrig::worker
