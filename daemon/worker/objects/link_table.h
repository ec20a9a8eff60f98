// LinkTable: the attachments of a sandbox, by name. LoadProgram and Attach add to it, Detach and CloseSandbox
// take away.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bpfrig/v1/program.pb.h"
#include "common/fd.h"
#include "daemon/kernel_bpf/program/link.h"
#include "daemon/worker/objects/object_store.h"
#include "daemon/worker/traffic/traffic.h"

namespace bpfrig::worker {

class LinkTable {
 public:
  // Programs of the cgroup kind go to `cgroup`, the others to the process's own netns and its `lo`.
  explicit LinkTable(common::Fd cgroup) : cgroup_(std::move(cgroup)) {}

  // Attaches `program`. The link's name is the target's, or the program's. Errors have the target's fields.
  [[nodiscard]] absl::StatusOr<bpfrig::v1::Link> Attach(ProgramRecord& program,
                                                        const bpfrig::v1::AttachTarget& target,
                                                        const ObjectStore& objects, const Traffic& traffic);
  // Undoes the attachment of that name, which is forgotten also if that fails; returns the program.
  [[nodiscard]] absl::StatusOr<ProgramRecord*> Detach(const std::string& name);
  // Undoes all; returns how many there were. What fails is logged.
  size_t DetachAll();

  // Whether a program is attached that runs when the rig itself asks for a socket's name or option, or sets
  // one.
  [[nodiscard]] bool WatchesSocketCalls() const;

  // The cgroup's directory.
  [[nodiscard]] int cgroup() const { return cgroup_.Get(); }

 private:
  struct Entry {
    ProgramRecord* program;  // of the ObjectStore; detached before the object is removed
    kernel_bpf::Link link;
    // What it is attached to, if that is a socket: gone from there once it is closed.
    std::weak_ptr<Socket> socket;
  };

  [[nodiscard]] absl::StatusOr<common::Fd> OpenNetns() const;
  [[nodiscard]] static absl::Status Detach(Entry& entry);

  common::Fd cgroup_;
  std::map<std::string, Entry> links_;
};

}  // namespace bpfrig::worker
