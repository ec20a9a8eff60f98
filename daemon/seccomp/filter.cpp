#include "daemon/seccomp/filter.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::seccomp {
namespace {

using base::ErrnoError;
using base::KernelError;
using base::MakeError;
using base::Reason;

struct Releaser {
  void operator()(scmp_filter_ctx context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, Releaser>;

// MFD_NOEXEC_SEAL, which Debian 12's libc does not name. Kernels from 6.3 on log a warning without it; those
// before say EINVAL to it.
constexpr unsigned int kNoExecSeal = 0x0008;

absl::StatusOr<common::Fd> MakeMemfd() {
  common::Fd fd(::memfd_create("filter", MFD_CLOEXEC | MFD_ALLOW_SEALING | kNoExecSeal));
  if (!fd.IsOpen() && errno == EINVAL) {
    fd = common::Fd(::memfd_create("filter", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  }
  if (!fd.IsOpen()) return ErrnoError("making a memfd for a system call filter");
  return fd;
}

absl::Status AddRefusals(scmp_filter_ctx context, const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    const int result = ::seccomp_rule_add_array(context, SCMP_ACT_ERRNO(static_cast<uint16_t>(refusal.error)),
                                                refusal.call, static_cast<unsigned>(refusal.when.size()),
                                                refusal.when.empty() ? nullptr : refusal.when.data());
    if (result != 0) {
      return KernelError(result, absl::StrCat("making a system call filter: refusing call ", refusal.call));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Context> MakeContext(uint32_t otherwise) {
  Context context(::seccomp_init(otherwise));
  if (!context) return MakeError(Reason::kInternal, "making a system call filter: libseccomp refused");
  // Calls by the numbers of another processor would pass by all lists.
  int result = ::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
  // A binary tree of the calls: a call is found after 6 comparisons, not after 60.
  if (result == 0) result = ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (result != 0) return KernelError(result, "making a system call filter");
  return context;
}

absl::StatusOr<common::Fd> Export(scmp_filter_ctx context) {
  BPFRIG_ASSIGN_OR_RETURN(common::Fd fd, MakeMemfd());
  const int result = ::seccomp_export_bpf(context, fd.Get());
  if (result != 0) return KernelError(result, "making a system call filter");
  // Every worker has it in its hands: none may change it for the next.
  if (::fcntl(fd.Get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    return ErrnoError("sealing a system call filter");
  }
  return fd;
}

}  // namespace

absl::StatusOr<common::Fd> MakeFilter(const std::vector<Refusal>& refusals) {
  BPFRIG_ASSIGN_OR_RETURN(const Context context, MakeContext(SCMP_ACT_ALLOW));
  BPFRIG_RETURN_IF_ERROR(AddRefusals(context.get(), refusals));
  return Export(context.get());
}

absl::StatusOr<common::Fd> MakeFilterOfAllowed(const std::vector<int>& calls) {
  BPFRIG_ASSIGN_OR_RETURN(const Context context, MakeContext(SCMP_ACT_ERRNO(EPERM)));
  for (const int call : calls) {
    const int result = ::seccomp_rule_add_array(context.get(), SCMP_ACT_ALLOW, call, 0, nullptr);
    if (result != 0) {
      return KernelError(result, absl::StrCat("making a system call filter: allowing call ", call));
    }
  }
  return Export(context.get());
}

absl::Status InstallFilter(const common::Fd& filter) {
  struct stat info {};
  if (::fstat(filter.Get(), &info) != 0) return ErrnoError("reading the system call filter");
  const auto size = static_cast<size_t>(info.st_size);
  std::vector<sock_filter> code(size / sizeof(sock_filter));
  if (::pread(filter.Get(), code.data(), size, 0) != info.st_size) {
    return ErrnoError("reading the system call filter");
  }
  const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return ErrnoError("setting no_new_privs");
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return absl::OkStatus();
  return base::WithHint(ErrnoError("installing the system call filter"),
                        "the kernel needs CONFIG_SECCOMP_FILTER, and a container's seccomp profile must "
                        "allow the call seccomp");
}

}  // namespace bpfrig::seccomp
