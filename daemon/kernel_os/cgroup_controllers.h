// CgroupControllers: gives the cgroups below one instance's directory the controllers that limit a sandbox's
// memory and processes. A cgroup that passes controllers on may hold no process itself (cgroup2's rule), so
// the daemon's own cgroup is emptied into a leaf first, and left as it was found at the end. Owned by the
// supervisor's Host.
#pragma once

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

// What is to be changed, and where.
struct ControllerPlace {
  // The cgroup that the instance's directory is in. Borrowed.
  int directory = -1;
  // For messages.
  std::string name;
  // Whether it is the process's own cgroup: others' are used as they are.
  bool is_own = false;
  // The instance's directory. Borrowed.
  int instance = -1;
};

class CgroupControllers {
 public:
  using Names = std::set<std::string>;

  // As many of `wanted` as can be had. What keeps it from having them all is no error, but `obstacle`.
  [[nodiscard]] static CgroupControllers Enable(const ControllerPlace& place, const Names& wanted,
                                                absl::Time deadline);
  // None, and nothing to undo.
  CgroupControllers() = default;
  // Undoes what Restore has not.
  ~CgroupControllers();
  CgroupControllers(CgroupControllers&& other) noexcept { Swap(other); }
  CgroupControllers& operator=(CgroupControllers&& other) noexcept {
    Swap(other);
    return *this;
  }

  // Whether cgroups below the instance's directory have it.
  [[nodiscard]] bool Has(const std::string& name) const { return enabled_.count(name) != 0; }
  // Why one that was wanted is not there; OK if all are.
  [[nodiscard]] const absl::Status& obstacle() const { return obstacle_; }

  // Leaves the daemon's own cgroup as it was found; call it when the instance's directory is gone. An error
  // if another daemon below the same cgroup needs the controllers: it then does this at its own end.
  [[nodiscard]] absl::Status Restore(absl::Time deadline);

 private:
  [[nodiscard]] absl::Status EnableInPlace(const ControllerPlace& place, const Names& missing,
                                           absl::Time deadline);
  // Moves the place's processes into the leaf, which is there, and asks for the controllers.
  [[nodiscard]] absl::Status EmptyAndControl(const std::string& request, absl::Time deadline);
  void Swap(CgroupControllers& other) noexcept;

  common::Fd directory_;  // of the place; open as long as there is something to undo
  std::string name_;
  Names to_disable_;  // in the place
  Names enabled_;
  absl::Status obstacle_;
};

// The words of a file such as cgroup.controllers.
[[nodiscard]] CgroupControllers::Names ControllersIn(absl::string_view text);

// Whether systemd made the cgroup of that path for a unit of its own. It then keeps the inside in order
// itself, and puts processes there, unless the unit has Delegate=yes.
[[nodiscard]] bool IsUnit(absl::string_view path);

}  // namespace bpfrig::kernel_os
