#include "common/format_bytes.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace bpfrig::common {

std::string FormatBytes(uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  const std::string number = absl::StrFormat("%.1f", amount);
  return absl::StrCat(absl::StripSuffix(number, ".0"), " ", kUnits[unit]);
}

}  // namespace bpfrig::common
