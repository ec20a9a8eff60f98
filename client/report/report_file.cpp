#include "client/report/report_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/near_names.h"
#include "common/version.h"

namespace bpfrig::client::report {
namespace {

struct Format {
  const char* name;
  std::string (*format)(const RunRecord& run);
};

constexpr Format kFormats[] = {
    {"html", [](const RunRecord& run) { return ToHtml(run, common::VersionAndRevision()); }},
    {"json", [](const RunRecord& run) { return ToJson(run, common::VersionAndRevision()); }},
    {"junit", ToJunit},
    {"tap", ToTap},
};

absl::Status Write(const std::string& path, std::ios::openmode mode, const std::string& text) {
  std::ofstream file(path, std::ios::binary | mode);
  file << text;
  file.close();
  if (file) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("writing ", path, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<ReportFile> ParseReportFile(const std::string& text) {
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  std::vector<std::string> names;
  for (const Format& format : kFormats) {
    names.emplace_back(format.name);
    if (name != format.name) continue;
    if (equals == std::string::npos || equals + 1 == text.size()) {
      return absl::InvalidArgumentError(absl::StrCat("a file is missing: ", name, "=FILE was expected"));
    }
    return ReportFile{format.format, text.substr(equals + 1)};
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no report \"", name, "\"",
                                                 common::DidYouMean(name, names), "; there are ",
                                                 absl::StrJoin(names, ", "), ", each as ", "NAME=FILE"));
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  return Write(path, std::ios::trunc, text);
}

absl::Status AppendToFile(const std::string& path, const std::string& text) {
  return Write(path, std::ios::app, text);
}

}  // namespace bpfrig::client::report
