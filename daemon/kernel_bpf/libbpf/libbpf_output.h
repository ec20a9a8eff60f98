// LibbpfOutput: what libbpf prints while one of these lives, kept for error messages and hints instead of
// going to stderr. At most 64 KiB, the newest. They nest; the innermost of the thread gets the output.
#pragma once

#include <cstdarg>
#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

class LibbpfOutput {
 public:
  LibbpfOutput();
  ~LibbpfOutput();
  LibbpfOutput(const LibbpfOutput&) = delete;
  LibbpfOutput& operator=(const LibbpfOutput&) = delete;

  [[nodiscard]] const std::string& text() const { return text_; }
  // The last warning, without libbpf's prefix and newline; "no details" if it said nothing.
  [[nodiscard]] std::string LastLine() const;
  // The name in the last `KIND 'NAME': ...PHRASE...` line, such as prog and "load failed"; empty if there is
  // none.
  [[nodiscard]] std::string NameBefore(absl::string_view kind, absl::string_view phrase) const;

  // Libbpf's callback gives every line here.
  void Append(const char* format, std::va_list arguments);

 private:
  std::string text_;
  LibbpfOutput* outer_;  // of the same thread, and outliving this
};

}  // namespace bpfrig::kernel_bpf
