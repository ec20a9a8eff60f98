#include "daemon/base/log_format.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/shown_text.h"

namespace bpfrig::base {
namespace {

absl::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

bool IsControl(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7f;
}

// Of what is written for a message; the rest of the line is short.
constexpr size_t kMaxMessageBytes = 3600;

std::string WithoutControls(absl::string_view text) {
  std::string shown;
  for (const char character : text) {
    if (shown.size() > kMaxMessageBytes) return shown + "...";
    if (IsControl(character)) {
      absl::StrAppendFormat(&shown, "\\x%02x", static_cast<unsigned char>(character));
    } else {
      shown.push_back(character);
    }
  }
  return shown;
}

std::string Quote(absl::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    if (json.size() > kMaxMessageBytes) {
      json.append("...");
      break;
    }
    const size_t size = common::Utf8CharacterLength(text);
    if (size == 0) {
      json.append("\\ufffd");
    } else if (IsControl(text.front())) {
      absl::StrAppendFormat(&json, "\\u%04x", static_cast<unsigned char>(text.front()));
    } else {
      if (text.front() == '"' || text.front() == '\\') json.push_back('\\');
      json.append(text.data(), size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return json + "\"";
}

}  // namespace

std::string FormatLine(LogFormat format, const LogLine& line) {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", line.time, absl::UTCTimeZone());
  if (format == LogFormat::kText) {
    return absl::StrCat(time, " ", NameOf(line.level), " bpfrigd ", line.process, ": ",
                        WithoutControls(line.message), "\n");
  }
  return absl::StrCat("{\"time\":\"", time, "\",\"level\":\"", NameOf(line.level),
                      "\",\"process\":", Quote(line.process), ",\"message\":", Quote(line.message), "}\n");
}

}  // namespace bpfrig::base
