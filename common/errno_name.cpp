#include "common/errno_name.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace bpfrig::common {
namespace {

// MAX_ERRNO of the kernel.
constexpr int kMaxErrno = 4095;

}  // namespace

std::string ErrnoName(int error_number) {
  if (error_number == kEnotsupp) return "ENOTSUPP";
  const char* name = ::strerrorname_np(error_number);
  return name != nullptr ? name : absl::StrCat("errno ", error_number);
}

const std::vector<std::string>& ErrnoNames() {
  static const auto& names = *new std::vector<std::string>([] {
    std::vector<std::string> all;
    for (int number = 1; number <= kMaxErrno; ++number) {
      if (::strerrorname_np(number) != nullptr || number == kEnotsupp) all.push_back(ErrnoName(number));
    }
    return all;
  }());
  return names;
}

bool IsErrnoName(absl::string_view name) {
  const std::vector<std::string>& names = ErrnoNames();
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace bpfrig::common
