// JUnit's XML.
#include <pugixml.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/report/printable.h"
#include "client/report/report_file.h"

namespace bpfrig::client::report {
namespace {

using verdict::TestResult;
using verdict::Verdict;

std::string Seconds(std::chrono::microseconds duration) {
  return absl::StrFormat("%.6f", static_cast<double>(duration.count()) / 1e6);
}

// Jenkins knows properties of suites alone, so each kernel has suites of its own.
void AddKernel(const std::string& kernel, pugi::xml_node& suite) {
  if (kernel.empty()) return;
  pugi::xml_node property = suite.append_child("properties").append_child("property");
  property.append_attribute("name") = "kernel";
  property.append_attribute("value") = Printable(kernel).c_str();
}

// As Maven's Surefire writes it, and Jenkins reads it.
void AddFlaky(const TestResult& result, pugi::xml_node& test) {
  pugi::xml_node flaky = test.append_child("flakyFailure");
  flaky.append_attribute("message") = absl::StrCat("passed at try ", result.tries).c_str();
  flaky.append_attribute("type") = "flaky";
  flaky.append_child("stackTrace").text() = Printable(Details(result)).c_str();
}

void AddOutcome(const TestResult& result, pugi::xml_node& test) {
  const auto add = [&](const char* kind, const std::string& message) {
    pugi::xml_node outcome = test.append_child(kind);
    outcome.append_attribute("message") = Printable(message).c_str();
    return outcome;
  };
  switch (result.verdict) {
    case Verdict::kPassed:
      if (result.IsFlaky()) AddFlaky(result, test);
      return;
    case Verdict::kSkipped:
      add("skipped", result.reason);
      return;
    case Verdict::kNotRun:
      add("skipped", "the run was ended before it");
      return;
    case Verdict::kFailed:
    case Verdict::kRigError:
      break;
  }
  const std::string first = result.failures.empty() ? result.reason
                                                    : absl::StrCat(ToString(result.failures[0].mark), ": ",
                                                                   result.failures[0].what);
  pugi::xml_node outcome = add(result.verdict == Verdict::kFailed ? "failure" : "error", first);
  outcome.append_attribute("type") = WordOf(result.verdict).c_str();
  outcome.text() = Printable(Details(result)).c_str();
}

void Count(const char* name, size_t count, pugi::xml_node& node) {
  node.append_attribute(name) = static_cast<unsigned long long>(count);
}

// Of some results: the numbers that a suite, and the whole, have as attributes.
void AddCounts(const Suite& results, pugi::xml_node& node) {
  Counts counts;
  std::chrono::microseconds duration{0};
  for (const TestResult* result : results) {
    counts.failed += result->verdict == Verdict::kFailed ? 1 : 0;
    counts.rig_errors += result->verdict == Verdict::kRigError ? 1 : 0;
    counts.skipped += result->verdict == Verdict::kSkipped || result->verdict == Verdict::kNotRun ? 1 : 0;
    duration += result->duration;
  }
  Count("tests", results.size(), node);
  Count("failures", counts.failed, node);
  Count("errors", counts.rig_errors, node);
  Count("skipped", counts.skipped, node);
  node.append_attribute("time") = Seconds(duration).c_str();
}

}  // namespace

std::string ToJunit(const RunRecord& run) {
  pugi::xml_document document;
  pugi::xml_node suites = document.append_child("testsuites");
  for (const Suite& results : SuitesOf(run)) {
    const TestResult* const first = results.front();
    pugi::xml_node suite = suites.append_child("testsuite");
    suite.append_attribute("name") = Printable(first->plan).c_str();
    AddCounts(results, suite);
    suite.append_attribute("timestamp") = Timestamp(run.started).substr(0, 19).c_str();
    AddKernel(first->kernel, suite);
    for (const TestResult* result : results) {
      pugi::xml_node test = suite.append_child("testcase");
      test.append_attribute("name") = Printable(NameWithKernel(*result)).c_str();
      test.append_attribute("classname") = Printable(first->plan).c_str();
      test.append_attribute("time") = Seconds(result->duration).c_str();
      AddOutcome(*result, test);
    }
  }
  std::ostringstream text;
  document.save(text, "  ", pugi::format_default, pugi::encoding_utf8);
  return text.str();
}

}  // namespace bpfrig::client::report
