#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

#include <bpf/libbpf.h>

#include <array>
#include <cstdio>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr size_t kMaxText = size_t{64} * 1024;

// Libbpf's print callback has no context argument, so the receiver is found through the thread.
thread_local LibbpfOutput* innermost = nullptr;

int Print(enum libbpf_print_level level, const char* format, std::va_list arguments) {
  if (level != LIBBPF_DEBUG && innermost != nullptr) innermost->Append(format, arguments);
  return 0;
}

}  // namespace

LibbpfOutput::LibbpfOutput() : outer_(innermost) {
  innermost = this;
  libbpf_set_print(Print);
}

LibbpfOutput::~LibbpfOutput() { innermost = outer_; }

void LibbpfOutput::Append(const char* format, std::va_list arguments) {
  // One line may hold a whole verifier log: its end matters.
  std::array<char, 1024> small;
  std::va_list again;
  va_copy(again, arguments);
  int size = std::vsnprintf(small.data(), small.size(), format, arguments);
  if (size > 0 && static_cast<size_t>(size) < small.size()) {
    text_.append(small.data(), static_cast<size_t>(size));
  } else if (size > 0) {
    std::vector<char> large(static_cast<size_t>(size) + 1);
    std::vsnprintf(large.data(), large.size(), format, again);
    text_.append(large.data(), static_cast<size_t>(size));
  }
  va_end(again);
  if (text_.size() > kMaxText) text_.erase(0, text_.size() - kMaxText);
}

std::string LibbpfOutput::LastLine() const {
  absl::string_view text = absl::StripSuffix(text_, "\n");
  size_t start = text.rfind('\n');
  absl::string_view line = start == absl::string_view::npos ? text : text.substr(start + 1);
  absl::ConsumePrefix(&line, "libbpf: ");
  return line.empty() ? "no details" : std::string(line);
}

std::string LibbpfOutput::NameBefore(absl::string_view kind, absl::string_view phrase) const {
  std::string name;
  std::string opening = absl::StrCat(kind, " '");
  for (absl::string_view line : absl::StrSplit(text_, '\n')) {
    size_t start = line.find(opening);
    if (start == absl::string_view::npos || !absl::StrContains(line, phrase)) continue;
    absl::string_view rest = line.substr(start + opening.size());
    name = std::string(rest.substr(0, rest.find('\'')));
  }
  return name;
}

}  // namespace bpfrig::kernel_bpf
