#include "daemon/kernel_bpf/program/program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_handle.h"

namespace bpfrig::kernel_bpf {
namespace {

// Room for what a program may put in front of or behind the packet.
constexpr size_t kMaxPacket = 64 * 1024 + 512;
// Ethernet, IPv6: what is longer is not refused for its length.
constexpr size_t kLongestHeaders = 14 + 40;

}  // namespace

Program::Program(std::string name, std::string section, int fd, uint32_t type, uint32_t attach_type)
    : name_(std::move(name)), section_(std::move(section)), fd_(fd), type_(type), attach_type_(attach_type) {}

std::string Program::type_name() const {
  const char* name = libbpf_bpf_prog_type_str(static_cast<enum bpf_prog_type>(type_));
  return name != nullptr ? name : absl::StrCat("program type ", type_);
}

absl::StatusOr<ProgramInfo> Program::Info() const {
  struct bpf_prog_info info;
  std::memset(&info, 0, sizeof(info));
  uint32_t length = sizeof(info);
  int error = bpf_obj_get_info_by_fd(fd_, &info, &length);
  if (error != 0)
    return base::KernelError(error, absl::StrCat("reading the kernel's information on program ", name_));
  return ProgramInfo{info.id, static_cast<uint32_t>(info.xlated_prog_len / sizeof(struct bpf_insn)),
                     info.run_cnt};
}

absl::StatusOr<TestRunOutput> Program::TestRun(const TestRunInput& input) const {
  TestRunOutput output;
  // Not filled with zeroes first, which would take longer than the run.
  const std::unique_ptr<char[]> packet(input.data.empty() ? nullptr : new char[kMaxPacket]);
  output.context.resize(input.context.size());
  auto options = LibbpfOptions<bpf_test_run_opts>();
  options.data_in = input.data.empty() ? nullptr : input.data.data();
  options.data_size_in = static_cast<uint32_t>(input.data.size());
  options.data_out = packet.get();
  options.data_size_out = packet == nullptr ? 0 : kMaxPacket;
  options.ctx_in = input.context.empty() ? nullptr : input.context.data();
  options.ctx_size_in = static_cast<uint32_t>(input.context.size());
  options.ctx_out = output.context.empty() ? nullptr : output.context.data();
  options.ctx_size_out = static_cast<uint32_t>(output.context.size());
  options.repeat = static_cast<int>(input.repeat == 0 ? 1 : input.repeat);
  int error = bpf_prog_test_run_opts(fd_, &options);
  if (error == -common::kEnotsupp) {
    absl::Status status =
        base::MakeError(base::Reason::kUnsupported,
                        absl::StrCat("the kernel cannot test-run programs of type ", type_name()));
    return base::WithObject(base::WithHint(status, "attach it and use real sockets"), name_);
  }
  if (error != 0) {
    absl::Status status = base::KernelError(error, absl::StrCat("test-running ", name_));
    if (error == -EINVAL && !input.data.empty() && input.data.size() < kLongestHeaders) {
      status = base::WithHint(
          status, absl::StrCat("a packet must have the headers that it names, 14 bytes of Ethernet "
                               "and 20 of IPv4 or 40 of IPv6; this one has ",
                               input.data.size(), " bytes"));
    }
    return base::WithObject(status, name_);
  }
  output.return_value = options.retval;
  output.duration_ns = options.duration;
  if (packet != nullptr)
    output.data.assign(packet.get(), std::min<size_t>(options.data_size_out, kMaxPacket));
  output.context.resize(std::min<size_t>(options.ctx_size_out, output.context.size()));
  return output;
}

}  // namespace bpfrig::kernel_bpf
