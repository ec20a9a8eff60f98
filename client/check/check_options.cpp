// What a step says of socket options: the types of their values, and values by these.
#include <google/protobuf/message.h>

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/check/check_value.h"
#include "client/check/step_check.h"
#include "client/plan/fields/field_path.h"

namespace bpfrig::client::check {
namespace {

using google::protobuf::DynamicCastToGenerated;

TypeRef FindOptionType(const StepCheck& check, const std::string& path, const std::string& type) {
  if (type.empty()) return {};
  std::string problem;
  const TypeRef found = check.model.FindType(type, nullptr, problem);
  if (!problem.empty()) check.Add(path + "type", problem);
  return found;
}

// An option that is set: `path` is where it is in the request, empty or with a dot at its end.
template <typename Option>
void CheckOption(const StepCheck& check, const std::string& path, const Option& option) {
  if (option.type().empty() && (option.value().has_fields() || option.value().has_list())) {
    check.Add(path + "value",
              absl::StrCat(option.value().has_fields() ? "a mapping" : "a list",
                           " is written by a type: name the option's, such as type: vmlinux/linger"));
  }
  const TypeRef type = FindOptionType(check, path, option.type());
  const auto node = plan::WalkPath(check.step.node, check.step.call.method->input_type(), path + "value");
  CheckValue(type, "", option.value(), node, check.problems);
}

template <typename Request>
void CheckListed(const StepCheck& check) {
  const auto* request = DynamicCastToGenerated<const Request>(check.step.call.request.get());
  if (request == nullptr) return;
  for (int i = 0; i < request->options_size(); ++i) {
    CheckOption(check, absl::StrCat("options[", i, "]."), request->options(i));
  }
}

}  // namespace

void CheckOptions(StepCheck& check) {
  CheckListed<bpfrig::v1::ListenRequest>(check);
  CheckListed<bpfrig::v1::ConnectRequest>(check);
  CheckListed<bpfrig::v1::OpenSocketRequest>(check);
  const auto* request = check.step.call.request.get();
  if (const auto* set = DynamicCastToGenerated<const bpfrig::v1::SetSocketOptionRequest>(request)) {
    CheckOption(check, "", *set);
  }
  if (const auto* get = DynamicCastToGenerated<const bpfrig::v1::GetSocketOptionRequest>(request)) {
    const TypeRef type = FindOptionType(check, "", get->type());
    const auto* shape = std::get_if<plan::SocketOptionShape>(&check.step.shape);
    if (shape != nullptr && shape->value) CheckPattern(type, "", shape->value->record, check.problems);
  }
}

}  // namespace bpfrig::client::check
