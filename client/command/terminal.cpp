#include "client/command/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace bpfrig::client::command {
namespace {

// A terminal that does not tell its width.
constexpr size_t kUsualColumns = 80;

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// 0 if it is not a terminal on which a line can be erased.
size_t Columns() {
  const char* kind = std::getenv("TERM");
  if (isatty(STDOUT_FILENO) != 1 || (kind != nullptr && std::string(kind) == "dumb")) return 0;
  struct winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

}  // namespace

report::Style StyleOfOutput(ColorMode color) {
  report::Style style;
  style.columns = Columns();
  style.colour =
      color == ColorMode::kAlways || (color == ColorMode::kAuto && style.columns > 0 && !IsSet("NO_COLOR"));
  return style;
}

}  // namespace bpfrig::client::command
