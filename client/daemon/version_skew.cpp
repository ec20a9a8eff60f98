#include "client/daemon/version_skew.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bpfrig::client::daemon {
namespace {

using Series = std::pair<uint32_t, uint32_t>;

// MAJOR.MINOR of a version; nothing if the text is not a version.
std::optional<Series> SeriesOf(absl::string_view version) {
  const std::vector<absl::string_view> parts = absl::StrSplit(version, '.');
  Series series;
  if (parts.size() < 3 || !absl::SimpleAtoi(parts[0], &series.first) ||
      !absl::SimpleAtoi(parts[1], &series.second)) {
    return std::nullopt;
  }
  return series;
}

std::string ToString(const Series& series) { return absl::StrCat(series.first, ".", series.second); }

}  // namespace

std::string DescribeVersionSkew(absl::string_view client_version, absl::string_view daemon,
                                absl::string_view daemon_version) {
  const std::optional<Series> ours = SeriesOf(client_version);
  const std::optional<Series> theirs = SeriesOf(daemon_version);
  if (ours && ours == theirs) return "";
  const std::string both =
      absl::StrCat("this bpfrig is ", client_version, " and ", daemon,
                   daemon_version.empty() ? " does not tell its version" : " is ", daemon_version);
  if (!ours || !theirs) return absl::StrCat(both, "; they work together only within one MAJOR.MINOR");
  return absl::StrCat(both, ", and they work together only within one MAJOR.MINOR: use a bpfrig ",
                      ToString(*theirs), " here, or ", *ours > *theirs ? "upgrade" : "go back",
                      " to a bpfrigd ", ToString(*ours), " there");
}

}  // namespace bpfrig::client::daemon
