#include "daemon/front/rpc/validate.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/program.pb.h"
#include "daemon/base/status.h"
#include "proto/rules/field_words.h"
#include "proto/rules/validate.h"

namespace bpfrig::front {
namespace {

base::Reason ReasonOf(rules::Violation::Kind kind) {
  switch (kind) {
    case rules::Violation::Kind::kOutOfRange:
      return base::Reason::kOutOfRange;
    case rules::Violation::Kind::kTooMuch:
      return base::Reason::kLimitReached;
    case rules::Violation::Kind::kInvalid:
      break;
  }
  return base::Reason::kInvalidField;
}

absl::Status FirstOf(const std::vector<rules::Violation>& violations) {
  if (violations.empty()) return absl::OkStatus();
  const rules::Violation& first = violations.front();
  return base::WithField(base::MakeError(ReasonOf(first.kind), first.sentence), first.path);
}

}  // namespace

absl::Status Validate(const google::protobuf::Message& request) { return FirstOf(rules::Validate(request)); }

absl::Status ValidateNext(const google::protobuf::Message& request) {
  return FirstOf(rules::Validate(request, rules::Position::kNextOfStream));
}

absl::Status MissingFirst(const char* name) {
  return base::MakeError(base::Reason::kInvalidField, absl::StrCat(name, ": the stream has no message"));
}

uint32_t MaxObjectBytes() {
  const auto& object =
      *v1::LoadProgramRequest::descriptor()->FindFieldByNumber(v1::LoadProgramRequest::kObjectFieldNumber);
  return static_cast<uint32_t>(rules::RulesOf(object).maximum_bytes());
}

}  // namespace bpfrig::front
