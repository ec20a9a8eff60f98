#include "daemon/doctor/proc_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace bpfrig::doctor {
namespace {

struct CgroupMount {
  std::string type;
  std::string options;  // of the file system: of a v1 mount, its controllers
};

// Lines of "id parent major:minor root mount-point options [optional fields] - type source super-options".
std::vector<CgroupMount> CgroupMounts(absl::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  for (absl::string_view line : absl::StrSplit(mountinfo, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> halves =
        absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    const std::vector<absl::string_view> fields = absl::StrSplit(halves.second, ' ');
    if (fields.size() < 3 || (fields[0] != "cgroup" && fields[0] != "cgroup2")) continue;
    mounts.push_back({.type = std::string(fields[0]), .options = std::string(fields[2])});
  }
  return mounts;
}

std::pair<int, int> MajorMinor(absl::string_view version) {
  const std::vector<absl::string_view> parts = absl::StrSplit(version, '.');
  const auto number = [&](size_t index) {
    if (index >= parts.size()) return 0;
    const absl::string_view part = parts[index];
    const size_t digits = std::min(part.find_first_not_of("0123456789"), part.size());
    int value = 0;
    return absl::SimpleAtoi(part.substr(0, digits), &value) ? value : 0;
  };
  return {number(0), number(1)};
}

}  // namespace

std::vector<IdRange> ParseIdMap(absl::string_view id_map) {
  std::vector<IdRange> ranges;
  for (absl::string_view line : absl::StrSplit(id_map, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
    uint64_t first = 0;
    uint64_t count = 0;
    if (fields.size() != 3 || !absl::SimpleAtoi(fields[0], &first) || !absl::SimpleAtoi(fields[2], &count) ||
        count == 0) {
      continue;
    }
    ranges.push_back({.first = first, .last = first + count - 1});
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const IdRange& a, const IdRange& b) { return a.first < b.first; });
  std::vector<IdRange> joined;
  for (const IdRange& range : ranges) {
    if (!joined.empty() && range.first <= joined.back().last + 1) {
      joined.back().last = std::max(joined.back().last, range.last);
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

bool Covers(const std::vector<IdRange>& ranges, uint64_t first, uint64_t last) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const IdRange& range) { return range.first <= first && last <= range.last; });
}

bool HasSeccompFilter(absl::string_view status) {
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    // 0 is none; 1 is the strict mode, in which this could not run.
    if (absl::ConsumePrefix(&line, "Seccomp:")) return absl::StripAsciiWhitespace(line) == "2";
  }
  return false;
}

void ClassifyLabel(absl::string_view label, Facts& facts) {
  // SELinux ends its contexts with a zero byte.
  while (!label.empty() && (label.back() == '\0' || absl::ascii_isspace(label.back()))) {
    label.remove_suffix(1);
  }
  if (label.empty()) return;
  // AppArmor's are "unconfined" or "profile (mode)"; SELinux's "user:role:type:level".
  if (label == "unconfined" || absl::EndsWith(label, ")")) {
    facts.apparmor = std::string(label);
  } else if (std::count(label.begin(), label.end(), ':') >= 2) {
    facts.selinux = std::string(label);
  }
}

std::string ParseLockdown(absl::string_view lockdown) {
  const size_t open = lockdown.find('[');
  const size_t close = lockdown.find(']');
  if (open == absl::string_view::npos || close == absl::string_view::npos || close < open) return "";
  return std::string(lockdown.substr(open + 1, close - open - 1));
}

std::string CgroupLayout(absl::string_view mountinfo) {
  bool v1 = false;
  bool v2 = false;
  for (const CgroupMount& mount : CgroupMounts(mountinfo)) (mount.type == "cgroup2" ? v2 : v1) = true;
  if (v1 && v2) return "hybrid";
  return v2 ? "v2" : v1 ? "v1" : "none";
}

bool HasNetCls(absl::string_view mountinfo) {
  for (const CgroupMount& mount : CgroupMounts(mountinfo)) {
    if (mount.type != "cgroup") continue;
    for (absl::string_view option : absl::StrSplit(mount.options, ',')) {
      if (option == "net_cls" || option == "net_prio") return true;
    }
  }
  return false;
}

bool IsOlder(absl::string_view release, absl::string_view version) {
  return MajorMinor(release) < MajorMinor(version);
}

}  // namespace bpfrig::doctor
