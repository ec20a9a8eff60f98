#include "client/mutate/equivalents.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace bpfrig::client::mutate {
namespace {

using Json = nlohmann::ordered_json;

// What stands behind `bpfrig: equivalent:` in the line; empty if nothing does.
std::string ReasonIn(absl::string_view text) {
  constexpr absl::string_view kMark = "bpfrig: equivalent:";
  const size_t found = text.find(kMark);
  if (found == absl::string_view::npos) return "";
  absl::string_view reason = absl::StripAsciiWhitespace(text.substr(found + kMark.size()));
  absl::ConsumeSuffix(&reason, "*/");
  return std::string(absl::StripAsciiWhitespace(reason));
}

bool Fits(const Equivalent& entry, const Mutant& mutant, const Record& record) {
  const Place& place = record.PlaceOf(mutant);
  const auto fits = [](const std::string& asked, const std::string& is) {
    return asked.empty() || asked == is;
  };
  return fits(entry.program, record.subjects[mutant.subject].program.name()) &&
         fits(entry.function, place.function) && fits(entry.text, place.text) &&
         fits(entry.what, mutant.mutation.what);
}

absl::StatusOr<std::string> TextOf(const Json& entry, const char* key) {
  if (!entry.contains(key)) return std::string();
  if (!entry[key].is_string()) return absl::InvalidArgumentError(absl::StrCat(key, " is not a text"));
  return entry[key].get<std::string>();
}

absl::StatusOr<Equivalent> ReadEntry(const Json& entry) {
  if (!entry.is_object()) return absl::InvalidArgumentError("it is not an object");
  Equivalent read;
  for (const auto& [key, value] :
       {std::pair("program", &read.program), std::pair("function", &read.function),
        std::pair("text", &read.text), std::pair("what", &read.what), std::pair("reason", &read.reason)}) {
    absl::StatusOr<std::string> text = TextOf(entry, key);
    if (!text.ok()) return text.status();
    *value = *std::move(text);
  }
  if (read.reason.empty()) return absl::InvalidArgumentError("it has no `reason`");
  if (read.what.empty() && read.text.empty()) {
    return absl::InvalidArgumentError("it has neither `text` nor `what`, and would fit all of a program");
  }
  return read;
}

}  // namespace

absl::StatusOr<std::vector<Equivalent>> ReadEquivalents(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("reading ", path, ": it cannot be opened"));
  std::ostringstream text;
  text << file.rdbuf();
  const Json json = Json::parse(text.str(), nullptr, false);
  if (json.is_discarded() || !json.is_object() || !json.contains("equivalent") ||
      !json["equivalent"].is_array()) {
    return absl::InvalidArgumentError(
        absl::StrCat("reading ", path, ": it is not JSON with a list `equivalent`"));
  }
  std::vector<Equivalent> entries;
  for (const Json& entry : json["equivalent"]) {
    absl::StatusOr<Equivalent> read = ReadEntry(entry);
    if (!read.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("reading ", path, ": equivalent[", entries.size(), "]: ", read.status().message()));
    }
    entries.push_back(*std::move(read));
  }
  return entries;
}

std::vector<Equivalent> MarkEquivalents(const std::vector<Equivalent>& known, Record& record) {
  std::vector<bool> is_used(known.size(), false);
  for (Mutant& mutant : record.mutants) {
    std::string reason = ReasonIn(record.PlaceOf(mutant).text);
    for (size_t i = 0; i < known.size(); ++i) {
      if (!Fits(known[i], mutant, record)) continue;
      is_used[i] = true;
      if (reason.empty()) reason = known[i].reason;
    }
    if (reason.empty() || mutant.outcome != Outcome::kSurvived) continue;
    mutant.outcome = Outcome::kEquivalent;
    mutant.reason = std::move(reason);
  }
  std::vector<Equivalent> unused;
  for (size_t i = 0; i < known.size(); ++i) {
    if (!is_used[i]) unused.push_back(known[i]);
  }
  return unused;
}

}  // namespace bpfrig::client::mutate
