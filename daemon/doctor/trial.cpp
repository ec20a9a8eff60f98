#include "daemon/doctor/trial.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/features.h"
#include "daemon/kernel_os/netlink.h"
#include "daemon/seccomp/filter.h"

namespace bpfrig::doctor {
namespace {

// `lo` is the first interface of every network namespace.
constexpr unsigned kLoopbackIndex = 1;

constexpr char kFeature[] = "feature";

struct Step {
  const char* name;
  Attempt TrialFacts::*attempt;
};
constexpr std::array<Step, 7> kSteps = {
    Step{"loopback", &TrialFacts::loopback},   Step{"map", &TrialFacts::map},
    Step{"large_map", &TrialFacts::large_map}, Step{"program", &TrialFacts::program},
    Step{"link", &TrialFacts::link},           Step{"kernel_read", &TrialFacts::kernel_read},
    Step{"filter", &TrialFacts::filter}};

absl::Status BringLoopbackUp() {
  BPFRIG_ASSIGN_OR_RETURN(kernel_os::Netlink netlink, kernel_os::Netlink::Open());
  return netlink.SetUp("lo");
}

std::string Line(const std::vector<std::string>& fields) {
  std::vector<std::string> clean;
  for (const std::string& field : fields) {
    clean.push_back(absl::StrReplaceAll(field, {{"\t", " "}, {"\n", " "}}));
  }
  return absl::StrCat(absl::StrJoin(clean, "\t"), "\n");
}

bool WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t count = TEMP_FAILURE_RETRY(::write(fd, text.data(), text.size()));
    if (count <= 0) return false;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

std::string FormatTrial(const TrialFacts& facts) {
  std::string text;
  for (const Step& step : kSteps) {
    const Attempt& attempt = facts.*step.attempt;
    if (attempt.tried)
      absl::StrAppend(&text, Line({step.name, attempt.error, attempt.message, attempt.hint}));
  }
  for (const kernel_bpf::Feature& feature : facts.features) {
    absl::StrAppend(&text, Line({kFeature, feature.name, feature.supported ? "yes" : "no", feature.detail,
                                 feature.description}));
  }
  return text;
}

TrialFacts ParseTrial(absl::string_view text) {
  TrialFacts facts;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    if (fields[0] == kFeature && fields.size() == 5) {
      facts.features.push_back({.name = fields[1],
                                .supported = fields[2] == "yes",
                                .detail = fields[3],
                                .description = fields[4]});
    }
    for (const Step& step : kSteps) {
      if (fields[0] != step.name || fields.size() != 4) continue;
      facts.*step.attempt = {.tried = true, .error = fields[1], .message = fields[2], .hint = fields[3]};
    }
  }
  return facts;
}

int RunTrial(common::Fd result, common::Fd cgroup, common::Fd filter) {
  TrialFacts facts;
  facts.loopback = Tried(BringLoopbackUp());
  const kernel_bpf::Essentials essentials = kernel_bpf::TryEssentials(cgroup.Get());
  facts.map = Tried(essentials.map);
  facts.large_map = Tried(essentials.large_map);
  facts.program = Tried(essentials.program);
  facts.link = Tried(essentials.link);
  facts.kernel_read = Tried(kernel_bpf::TryKernelRead());
  facts.features = kernel_bpf::ProbeFeatures(kLoopbackIndex);
  // Last, so that it refuses nothing above.
  facts.filter = Tried(seccomp::InstallFilter(filter));
  if (WriteAll(result.Get(), FormatTrial(facts))) return 0;
  base::LogError(base::ErrnoError("writing what was tried").message());
  return 1;
}

}  // namespace bpfrig::doctor
