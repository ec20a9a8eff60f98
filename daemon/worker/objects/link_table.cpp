#include "daemon/worker/objects/link_table.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/worker/call/names.h"

namespace bpfrig::worker {

namespace {

using kernel_bpf::AttachPlace;

// INVALID_FIELD for what says nothing of a program that goes to this place.
absl::Status CheckMeaning(const kernel_bpf::Program& program, AttachPlace place,
                          const bpfrig::v1::AttachTarget& target) {
  const char* field = nullptr;
  if (target.egress() && program.type() != BPF_PROG_TYPE_SCHED_CLS) field = "egress";
  if (!target.map().empty() && place != AttachPlace::kSocketMap) field = "map";
  if (target.has_socket() && place != AttachPlace::kSocket) field = "socket";
  if (field == nullptr) return absl::OkStatus();
  const absl::Status status = base::MakeError(
      base::Reason::kInvalidField, absl::StrCat("attaching program \"", program.name(), "\": ", field,
                                                " means nothing for one of type ", program.type_name()));
  return base::WithField(base::WithObject(status, program.name()), field);
}

}  // namespace

absl::StatusOr<common::Fd> LinkTable::OpenNetns() const {
  common::Fd netns(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!netns.IsOpen()) return base::ErrnoError("opening /proc/self/ns/net");
  return netns;
}

absl::StatusOr<bpfrig::v1::Link> LinkTable::Attach(ProgramRecord& program,
                                                   const bpfrig::v1::AttachTarget& target,
                                                   const ObjectStore& objects, const Traffic& traffic) {
  const std::string name = target.link().empty() ? program.program->name() : target.link();
  if (links_.count(name) != 0) {
    return base::WithField(
        base::WithHint(DuplicateName("link", name), "give the link a name of its own: link"), "link");
  }
  BPFRIG_ASSIGN_OR_RETURN(const AttachPlace place, kernel_bpf::PlaceOf(*program.program));
  BPFRIG_RETURN_IF_ERROR(CheckMeaning(*program.program, place, target));
  kernel_bpf::AttachPoints points;
  common::Fd netns;
  if (place == AttachPlace::kCgroup) points.cgroup_fd = cgroup_.Get();
  if (place == AttachPlace::kNetns) {
    BPFRIG_ASSIGN_OR_RETURN(netns, OpenNetns());
    points.netns_fd = netns.Get();
  }
  if (place == AttachPlace::kInterface) points.interface_index = ::if_nametoindex("lo");
  points.egress = target.egress();
  if (!target.map().empty()) {
    const absl::StatusOr<MapReference> map = objects.FindMap(target.map());
    if (!map.ok()) return base::WithField(map.status(), "map");
    points.socket_map = map->map;
  }
  std::shared_ptr<Socket> socket;
  if (target.has_socket()) {
    const absl::StatusOr<int> descriptor = traffic.FindDescriptor(target.socket());
    if (!descriptor.ok()) return base::WithField(descriptor.status(), "socket");
    points.socket_fd = *descriptor;
    BPFRIG_ASSIGN_OR_RETURN(socket, traffic.FindSocket(target.socket()));
  }
  BPFRIG_ASSIGN_OR_RETURN(kernel_bpf::Link link, kernel_bpf::Link::Attach(*program.program, points));
  bpfrig::v1::Link answer;
  answer.set_name(name);
  answer.set_program(program.FullName());
  answer.set_is_bpf_link(link.IsBpfLink());
  program.attached = true;
  links_.emplace(name, Entry{&program, std::move(link), socket});
  return answer;
}

absl::StatusOr<ProgramRecord*> LinkTable::Detach(const std::string& name) {
  const auto found = links_.find(name);
  if (found == links_.end()) {
    std::vector<std::string> names;
    for (const auto& [existing, entry] : links_) names.push_back(existing);
    return base::WithField(UnknownName("link", name, names), "link");
  }
  ProgramRecord* program = found->second.program;
  const absl::Status detached = Detach(found->second);
  links_.erase(found);
  if (!detached.ok()) return detached;
  return program;
}

absl::Status LinkTable::Detach(Entry& entry) {
  const std::shared_ptr<Socket> socket = entry.socket.lock();
  if (socket == nullptr || socket->IsClosed()) return entry.link.Detach();
  return kernel_bpf::DetachFromSocket(*entry.program->program, socket->descriptor());
}

bool LinkTable::WatchesSocketCalls() const {
  return std::any_of(links_.begin(), links_.end(), [](const auto& named) {
    return kernel_bpf::WatchesSocketCalls(*named.second.program->program);
  });
}

size_t LinkTable::DetachAll() {
  const size_t count = links_.size();
  for (auto& [name, entry] : links_) {
    const absl::Status detached = Detach(entry);
    if (!detached.ok()) base::LogWarning(absl::StrCat("detaching ", name, ": ", detached.message()));
  }
  links_.clear();
  return count;
}

}  // namespace bpfrig::worker
