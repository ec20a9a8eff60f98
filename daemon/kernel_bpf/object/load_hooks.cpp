#include "daemon/kernel_bpf/object/load_hooks.h"

#include <bpf/bpf.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/errno_name.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_handle.h"

namespace bpfrig::kernel_bpf {
namespace {

// Libbpf 1.1.2 goes on using the list of handlers after the last one was taken out and the list freed; 1.3
// does not. So one of no section that an object could have stays for good.
int RegisterForGood() {
  return libbpf_register_prog_handler("bpfrig/none", BPF_PROG_TYPE_UNSPEC, BPF_CGROUP_INET_INGRESS, nullptr);
}

// Whether libbpf's own hook, whose place this one would take, looks up what such a program is attached to, or
// lets it sleep.
bool NeedsLibbpfsHook(enum bpf_prog_type type) {
  switch (type) {
    case BPF_PROG_TYPE_TRACING:
    case BPF_PROG_TYPE_LSM:
    case BPF_PROG_TYPE_EXT:
    case BPF_PROG_TYPE_KPROBE:
    case BPF_PROG_TYPE_SYSCALL:
    case BPF_PROG_TYPE_STRUCT_OPS:
      return true;
    default:
      return false;
  }
}

absl::Status CannotChange(const std::string& program, absl::string_view why) {
  return base::WithObject(
      base::MakeError(base::Reason::kUnsupported,
                      absl::StrCat("changing program \"", program, "\" before it is loaded: ", why)),
      program);
}

}  // namespace

absl::StatusOr<std::unique_ptr<LoadHooks>> LoadHooks::Create() {
  static const int kept = RegisterForGood();
  if (kept < 0) {
    return base::MakeError(base::Reason::kInternal,
                           absl::StrCat("registering a handler of sections: ", common::ErrnoName(-kept)));
  }
  return std::unique_ptr<LoadHooks>(new LoadHooks());
}

absl::Status LoadHooks::Add(struct bpf_program* program, Change change) {
  const std::string name = bpf_program__name(program);
  const Kind kind(bpf_program__type(program), bpf_program__expected_attach_type(program));
  if (NeedsLibbpfsHook(kind.first)) {
    return CannotChange(
        name, absl::StrCat("programs of type ", libbpf_bpf_prog_type_str(kind.first), " cannot be"));
  }
  BPFRIG_RETURN_IF_ERROR(Register(bpf_program__section_name(program), kind));
  programs_[name].change = std::move(change);
  return absl::OkStatus();
}

absl::Status LoadHooks::Register(const std::string& section, Kind kind) {
  const auto [known, is_new] = sections_.emplace(section, kind);
  if (!is_new && known->second == kind) return absl::OkStatus();
  if (!is_new) {
    return base::WithHint(
        base::MakeError(base::Reason::kUnsupported,
                        absl::StrCat("changing programs of different types in one section, ", section)),
        "load them one at a time");
  }
  auto options = LibbpfOptions<struct libbpf_prog_handler_opts>();
  options.cookie = reinterpret_cast<long>(this);
  options.prog_prepare_load_fn = &LoadHooks::Prepare;
  const int handler = libbpf_register_prog_handler(section.c_str(), kind.first, kind.second, &options);
  if (handler < 0) {
    return base::MakeError(base::Reason::kInternal, absl::StrCat("registering a handler for section ",
                                                                 section, ": ", common::ErrnoName(-handler)));
  }
  handlers_.push_back(handler);
  return absl::OkStatus();
}

int LoadHooks::Prepare(struct bpf_program* program, struct bpf_prog_load_opts* options, long cookie) {
  auto& self = *reinterpret_cast<LoadHooks*>(cookie);
  // Libbpf's own hook would have set it; of the types that Add takes it does nothing else.
  if (absl::StartsWith(bpf_program__section_name(program), "xdp.frags")) {
    options->prog_flags |= BPF_F_XDP_HAS_FRAGS;
  }
  const auto found = self.programs_.find(bpf_program__name(program));
  if (found == self.programs_.end()) return 0;
  const int error = found->second.change(program, *options);
  found->second.done = error == 0;
  return error;
}

absl::Status LoadHooks::CheckChanged() const {
  for (const auto& [name, changed] : programs_) {
    if (changed.done) continue;
    return base::MakeError(
        base::Reason::kInternal,
        absl::StrCat("libbpf loaded ", name, " as it is, and not as it was to be changed"));
  }
  return absl::OkStatus();
}

LoadHooks::~LoadHooks() {
  for (const int handler : handlers_) {
    const int error = libbpf_unregister_prog_handler(handler);
    if (error != 0)
      base::LogWarning(absl::StrCat("unregistering a section's handler: ", common::ErrnoName(-error)));
  }
}

}  // namespace bpfrig::kernel_bpf
