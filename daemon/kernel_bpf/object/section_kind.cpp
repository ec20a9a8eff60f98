#include "daemon/kernel_bpf/object/section_kind.h"

#include <cstdint>
#include <iterator>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/near_names.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"
#include "daemon/kernel_bpf/libbpf/newer_attach_types.h"

namespace bpfrig::kernel_bpf {
namespace {

struct NewerSection {
  absl::string_view name;
  ProgramKind kind;
};

// libbpf 1.1 lacks them all; 1.3 has them.
constexpr NewerSection kNewerSections[] = {
    {"sk_skb/verdict", {BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_VERDICT}},
    {"tcx/ingress", {BPF_PROG_TYPE_SCHED_CLS, kTcxIngress}},
    {"tcx/egress", {BPF_PROG_TYPE_SCHED_CLS, kTcxEgress}},
    {"cgroup/connect_unix", {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, kUnixConnect}},
    {"cgroup/sendmsg_unix", {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, kUnixSendmsg}},
    {"cgroup/recvmsg_unix", {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, kUnixRecvmsg}},
    {"cgroup/getpeername_unix", {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, kUnixGetpeername}},
    {"cgroup/getsockname_unix", {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, kUnixGetsockname}},
};

// What a plan's author is most likely to mean.
constexpr const char* kUsualSections[] = {"cgroup/connect4",
                                          "cgroup/connect6",
                                          "cgroup/connect_unix",
                                          "cgroup/sendmsg4",
                                          "cgroup/sendmsg6",
                                          "cgroup/recvmsg4",
                                          "cgroup/recvmsg6",
                                          "cgroup/getpeername4",
                                          "cgroup/getpeername6",
                                          "cgroup/getsockname4",
                                          "cgroup/getsockname6",
                                          "cgroup/bind4",
                                          "cgroup/bind6",
                                          "cgroup/post_bind4",
                                          "cgroup/post_bind6",
                                          "cgroup/sock_create",
                                          "cgroup/sock_release",
                                          "cgroup/getsockopt",
                                          "cgroup/setsockopt",
                                          "cgroup_skb/ingress",
                                          "cgroup_skb/egress",
                                          "sockops",
                                          "sk_msg",
                                          "sk_skb/stream_parser",
                                          "sk_skb/stream_verdict",
                                          "sk_lookup",
                                          "sk_reuseport",
                                          "socket",
                                          "tc",
                                          "xdp"};

std::optional<ProgramKind> KindOfWhole(const std::string& section) {
  ProgramKind kind;
  LibbpfOutput output;
  if (libbpf_prog_type_by_name(section.c_str(), &kind.type, &kind.attach_type) >= 0) return kind;
  for (const NewerSection& newer : kNewerSections) {
    if (section == newer.name) return newer.kind;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ProgramKind> KindOfSection(const std::string& section) {
  std::string name = section;
  while (true) {
    if (std::optional<ProgramKind> kind = KindOfWhole(name)) return kind;
    const size_t cut = name.find_last_of("/-_");
    if (cut == std::string::npos) return std::nullopt;
    name.resize(cut);
  }
}

std::optional<ArraySlot> ArraySlotOfSection(const std::string& section) {
  const std::vector<std::string> numbers = absl::StrSplit(section, '/');
  ArraySlot place;
  const bool is_one = numbers.size() == 2 && absl::SimpleAtoi(numbers[0], &place.array_id) &&
                      absl::SimpleAtoi(numbers[1], &place.slot);
  return is_one ? std::optional(place) : std::nullopt;
}

std::optional<LoaderSection> SectionOfLoader(const std::string& section) {
  for (const char* name : {"ingress", "egress"}) {
    if (section == name) return LoaderSection{"iproute2's `tc filter ... sec` takes any name", "tc"};
  }
  if (section == "prog") return LoaderSection{"iproute2's `ip link ... xdp` looks for it", "xdp"};
  for (const char* prefix : {"from-", "to-"}) {
    if (absl::StartsWith(section, prefix)) {
      return LoaderSection{"Cilium's agent names its programs of tc so", "tc"};
    }
  }
  if (const std::optional<ArraySlot> place = ArraySlotOfSection(section)) {
    return LoaderSection{
        absl::StrCat("iproute2 gives it the one type that it loads all programs by, and puts ",
                     "it into slot ", place->slot, " of the program array with the id ", place->array_id),
        "tc"};
  }
  return std::nullopt;
}

std::string UnknownSection(const std::string& section) {
  return absl::StrCat("libbpf knows no program type by the section name \"", section, "\"",
                      common::DidYouMean(section, {std::begin(kUsualSections), std::end(kUsualSections)}));
}

std::string SectionNear(const std::string& section) {
  const std::string near = common::Nearest(section, {std::begin(kUsualSections), std::end(kUsualSections)});
  return near.empty() ? "sockops" : near;
}

}  // namespace bpfrig::kernel_bpf
