#include "client/verdict/call_error.h"

#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "client/verdict/explain.h"
#include "client/verdict/format.h"
#include "client/verdict/matcher.h"
#include "proto/rules/reason_name.h"

namespace bpfrig::client::verdict {
namespace {

constexpr const char* kSucceeded = "none: the call succeeded";

bpfrig::v1::Value TextValue(const std::string& text) {
  bpfrig::v1::Value value;
  value.set_text(text);
  return value;
}

Difference ErrnoDifference(const plan::Pattern& expected, std::string actual) {
  return {expected.node->mark, "errno", FormatPattern(expected), std::move(actual)};
}

}  // namespace

bool MustFail(const plan::Step& step) {
  if (step.error) return true;
  const bpfrig::v1::Value none = TextValue("");
  return step.refusal && !Holds(*step.refusal, &none, nullptr);
}

bool MayFail(const plan::Step& step) { return step.error || step.refusal; }

Differences CompareCallError(const plan::Step& step, const bpfrig::v1::ErrorDetail* detail) {
  if (detail == nullptr) {
    if (!MustFail(step)) return {};
    if (!step.error) return {ErrnoDifference(*step.refusal, kSucceeded)};
    return {{step.error->mark, "error", rules::ReasonName(step.error->value), kSucceeded}};
  }
  if (!MayFail(step)) return {};
  const std::string came = rules::ReasonName(detail->reason());
  if (step.error && step.error->value != detail->reason()) {
    return {{step.error->mark, "error", rules::ReasonName(step.error->value), came}};
  }
  if (!step.error && detail->reason() != bpfrig::v1::ERROR_REASON_KERNEL_REFUSED) {
    return {
        ErrnoDifference(*step.refusal, absl::StrCat("none: the kernel was not what refused, but ", came))};
  }
  if (!step.refusal) return {};
  return Explain(*step.refusal, TextValue(detail->errno_name()), "errno");
}

Differences JoinDifferences(const plan::Step& step, Differences of_failure, Differences of_answer) {
  const bool is_rejection =
      std::holds_alternative<plan::LoadShape>(step.shape) && MustFail(step) && !of_answer.empty();
  if (is_rejection && !of_failure.empty()) {
    of_failure[0].actual = absl::StrCat(
        "none: what the kernel says of an object is expected as `rejected: {errno: ...}`; it was ",
        of_answer[0].actual);
    return of_failure;
  }
  std::move(of_answer.begin(), of_answer.end(), std::back_inserter(of_failure));
  return of_failure;
}

}  // namespace bpfrig::client::verdict
