#include "common/shorten.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

namespace bpfrig::common {
namespace {

constexpr size_t kMaxShown = 60;

}  // namespace

std::string Shorten(absl::string_view text) {
  return text.size() > kMaxShown ? absl::StrCat(text.substr(0, kMaxShown), "...") : std::string(text);
}

}  // namespace bpfrig::common
