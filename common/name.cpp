#include "common/name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace bpfrig::common {
namespace {

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
}

}  // namespace

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameLength &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

std::string NameRule() {
  return absl::StrCat("a name of 1 to ", kMaxNameLength, " letters, digits, '_', '.' and '-'");
}

}  // namespace bpfrig::common
