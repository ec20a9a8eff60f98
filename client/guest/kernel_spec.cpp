#include "client/guest/kernel_spec.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bpfrig::client::guest {
namespace {

bool IsVersion(absl::string_view text) {
  return absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '+' || c == '~';
         });
}

bool IsSuite(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_islower(c) || c == '-'; });
}

absl::StatusOr<KernelSpec> Parse(absl::string_view text) {
  using Kind = KernelSpec::Kind;
  if (text.empty()) return absl::InvalidArgumentError("a kernel's name is empty");
  if (text == "host") return KernelSpec{Kind::kHost, "host"};
  if (absl::StrContains(text, "/")) return KernelSpec{Kind::kFile, std::string(text)};
  if (IsVersion(text)) return KernelSpec{Kind::kVersion, std::string(text)};
  if (IsSuite(text)) return KernelSpec{Kind::kSuite, std::string(text)};
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text,
                   "\" is not a kernel: a version (6.1), a suite of Debian (trixie), a file with a / in its "
                   "path, or host was expected"));
}

// The numbers of a version; what stands between them does not count.
std::vector<uint64_t> Numbers(absl::string_view version) {
  std::vector<uint64_t> numbers;
  for (size_t i = 0; i < version.size();) {
    size_t end = i;
    while (end < version.size() && absl::ascii_isdigit(static_cast<unsigned char>(version[end]))) ++end;
    uint64_t number = 0;
    if (end > i && absl::SimpleAtoi(version.substr(i, end - i), &number)) numbers.push_back(number);
    i = std::max(end, i + 1);
  }
  return numbers;
}

}  // namespace

absl::StatusOr<std::vector<KernelSpec>> ParseKernelSpecs(absl::string_view text) {
  std::vector<KernelSpec> specs;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    absl::StatusOr<KernelSpec> spec = Parse(part);
    if (!spec.ok()) return std::move(spec).status();
    const bool is_known = std::any_of(specs.begin(), specs.end(),
                                      [&](const KernelSpec& known) { return known.text == spec->text; });
    if (is_known) return absl::InvalidArgumentError(absl::StrCat("kernel ", part, " is named twice"));
    specs.push_back(*std::move(spec));
  }
  return specs;
}

bool NamesVersion(const KernelSpec& spec, absl::string_view release, absl::string_view version) {
  return StartsWithVersion(release, spec.text) || StartsWithVersion(version, spec.text);
}

bool StartsWithVersion(absl::string_view version, absl::string_view prefix) {
  if (!absl::StartsWith(version, prefix)) return false;
  return version.size() == prefix.size() ||
         !absl::ascii_isalnum(static_cast<unsigned char>(version[prefix.size()]));
}

bool IsOlder(absl::string_view a, absl::string_view b) { return Numbers(a) < Numbers(b); }

}  // namespace bpfrig::client::guest
