#include "tests/guests/gtest_report.h"

#include <pugixml.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace bpfrig::tests {
namespace {

// "FILE:LINE", and then what the test said.
std::string ReasonOf(const pugi::xml_node& skipped) {
  const std::vector<std::string> parts =
      absl::StrSplit(skipped.attribute("message").value(), absl::MaxSplits('\n', 1));
  const std::string reason = parts.size() < 2 ? "" : parts[1];
  return reason.empty() ? "no reason" : std::string(absl::StripAsciiWhitespace(reason));
}

}  // namespace

void Merge(ProgramResult part, ProgramResult& whole) {
  whole.passed += part.passed;
  whole.time += part.time;
  for (FailedTest& test : part.failed) whole.failed.push_back(std::move(test));
  for (auto& [reason, names] : part.skipped) {
    std::vector<std::string>& all = whole.skipped[reason];
    all.insert(all.end(), names.begin(), names.end());
  }
  whole.failure += part.failure;
}

absl::StatusOr<ProgramResult> ReadGtestReport(const std::string& xml) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size());
  const pugi::xml_node suites = document.child("testsuites");
  if (!parsed || !suites) {
    return absl::InvalidArgumentError(absl::StrCat("not a report of GoogleTest: ", parsed.description()));
  }
  ProgramResult result;
  result.time = std::chrono::milliseconds(static_cast<int64_t>(suites.attribute("time").as_double() * 1000));
  for (const pugi::xml_node& suite : suites.children("testsuite")) {
    for (const pugi::xml_node& test : suite.children("testcase")) {
      const std::string name =
          absl::StrCat(test.attribute("classname").value(), ".", test.attribute("name").value());
      if (test.child("failure")) {
        std::string message;
        for (const pugi::xml_node& failure : test.children("failure")) {
          absl::StrAppend(&message, failure.attribute("message").value(), "\n");
        }
        result.failed.push_back({name, message});
      } else if (test.child("skipped")) {
        result.skipped[ReasonOf(test.child("skipped"))].push_back(name);
      } else if (std::string(test.attribute("status").value()) == "run") {
        ++result.passed;
      }
    }
  }
  return result;
}

}  // namespace bpfrig::tests
