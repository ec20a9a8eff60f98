#include "client/run/file_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace bpfrig::client::run {
namespace {

constexpr size_t kMaxNameBytes = 200;

}  // namespace

std::string FileName(absl::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool stays = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                       (c == '.' && !name.empty());
    if (stays || name.empty() || name.back() != '_') name.push_back(stays ? c : '_');
  }
  return name.empty() ? "_" : name.substr(0, kMaxNameBytes);
}

std::string UniqueName(const std::string& stem, absl::string_view extension, std::set<std::string>& taken) {
  std::string name = absl::StrCat(stem, extension);
  for (int i = 2; !taken.insert(absl::AsciiStrToLower(name)).second; ++i) {
    name = absl::StrCat(stem, "@", i, extension);
  }
  return name;
}

}  // namespace bpfrig::client::run
