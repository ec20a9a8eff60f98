// What a step refers to by the names of servers, connections and sockets, and by tags.
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/socket.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "bpfrig/v1/value.pb.h"
#include "client/check/step_check.h"
#include "client/plan/fields/pattern.h"
#include "common/near_names.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::check {
namespace {

using bpfrig::v1::SocketReference;
using bpfrig::v1::Tag;
using bpfrig::v1::Value;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using plan::Pattern;
using plan::PatternKind;
using NameKind = SandboxModel::NameKind;

class ReferenceCheck {
 public:
  explicit ReferenceCheck(const StepCheck& check) : check_(check) {}

  void Walk(const Message& message, const std::string& path) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      // Patterns are looked at as the plan has them.
      if (field->message_type() == nullptr || rules::IsHidden(*field)) continue;
      const std::string name = path.empty() ? field->name() : absl::StrCat(path, ".", field->name());
      const google::protobuf::Reflection& reflection = *message.GetReflection();
      if (!field->is_repeated()) {
        Look(reflection.GetMessage(message, field), name);
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        const Message& element = reflection.GetRepeatedMessage(message, field, i);
        const auto* named = DynamicCastToGenerated<const bpfrig::v1::Field>(&element);
        // A list of named values is a mapping in the plan.
        named != nullptr ? LookAtValue(named->value(), absl::StrCat(name, ".", named->name()))
                         : Look(element, absl::StrCat(name, "[", i, "]"));
      }
    }
  }

  void Look(const Pattern& pattern) {
    if (pattern.kind == PatternKind::kEqual && pattern.node != nullptr) {
      LookAtTag(pattern.value.tag(), [&] { return pattern.node->mark; });
    }
    for (const Pattern& part : pattern.parts) Look(part);
  }

  // Of a connection's server, as it is expected.
  void LookAtServer(const Pattern& pattern) {
    if (pattern.kind == PatternKind::kEqual && pattern.node != nullptr) {
      RequireServer(pattern.value.text(), pattern.node->mark);
    }
    if (pattern.kind != PatternKind::kNot && pattern.kind != PatternKind::kAnyOf) return;
    for (const Pattern& part : pattern.parts) LookAtServer(part);
  }

  void RequireServer(const std::string& name, const plan::Mark& mark) {
    // No server at all can be expected, too.
    if (name.empty() || check_.model.HasName(NameKind::kServer, name)) return;
    const std::vector<std::string> servers = check_.model.Names(NameKind::kServer);
    check_.problems.Add(
        mark, absl::StrCat(
                  "no server \"", name, "\" listens here", common::DidYouMean(name, servers), MadeLater(name),
                  servers.empty() ? "" : absl::StrCat("; there are: ", common::NamesNear(name, servers))));
  }

 private:
  void Look(const Message& message, const std::string& path) {
    if (const auto* reference = DynamicCastToGenerated<const SocketReference>(&message)) {
      return RequireSocket(*reference, plan::MarkOfField(check_.step, path + ".connection"));
    }
    if (const auto* value = DynamicCastToGenerated<const Value>(&message)) return LookAtValue(*value, path);
    Walk(message, path);
  }

  void LookAtValue(const Value& value, const std::string& path) {
    LookAtTag(value.tag(), [&] { return plan::MarkOfField(check_.step, path); });
    for (const bpfrig::v1::Field& field : value.fields().fields()) {
      LookAtValue(field.value(), absl::StrCat(path, ".", field.name()));
    }
    for (int i = 0; i < value.list().values_size(); ++i) {
      LookAtValue(value.list().values(i), absl::StrCat(path, "[", i, "]"));
    }
  }

  // `mark_of` is asked for only if there is something to mark.
  template <typename MarkOf>
  void LookAtTag(const Tag& tag, const MarkOf& mark_of) {
    switch (tag.kind_case()) {
      case Tag::kSocket:
        return RequireSocket(tag.socket(), mark_of());
      case Tag::kCookie:
        return RequireSocket(tag.cookie(), mark_of());
      case Tag::kTuple: {
        SocketReference dialled;
        dialled.set_connection(tag.tuple().connection());
        dialled.set_end(bpfrig::v1::CONNECTION_END_DIALLED);
        return RequireSocket(dialled, mark_of());
      }
      case Tag::kProgram:
        return Report(check_.model.FindProgram(tag.program()).problem, mark_of());
      case Tag::kMap:
        return Report(check_.model.FindMap(tag.map()).problem, mark_of());
      default:
        return;
    }
  }

  void Report(const std::string& problem, const plan::Mark& mark) {
    if (!problem.empty()) check_.problems.Add(mark, problem);
  }

  void RequireSocket(const SocketReference& reference, const plan::Mark& mark) {
    const std::string& name = reference.connection();
    if (check_.model.HasName(NameKind::kSocket, name)) return;
    if (check_.model.HasName(NameKind::kServer, name)) {
      if (reference.end() == bpfrig::v1::CONNECTION_END_UNSPECIFIED) return;
      return check_.problems.Add(
          mark, absl::StrCat("\"", name, "\" is a server, which has a socket of its own but no ends"));
    }
    std::vector<std::string> names = check_.model.Names(NameKind::kSocket);
    for (std::string& server : check_.model.Names(NameKind::kServer)) names.push_back(std::move(server));
    check_.problems.Add(
        mark,
        absl::StrCat("there is no connection, socket or server \"", name, "\" here",
                     common::DidYouMean(name, names), MadeLater(name),
                     names.empty() ? "" : absl::StrCat("; there are: ", common::NamesNear(name, names))));
  }

  [[nodiscard]] std::string MadeLater(const std::string& name) const {
    const auto maker = check_.makers.find(name);
    if (maker == check_.makers.end()) return "";
    return absl::StrCat("; it is made in line ", maker->second, " only");
  }

  const StepCheck& check_;
};

template <typename Request>
void MakeNamed(StepCheck& check, NameKind kind, absl::string_view what) {
  const auto* request = DynamicCastToGenerated<const Request>(check.step.call.request.get());
  if (request == nullptr || request->name().empty()) return;
  if (check.model.AddName(kind, request->name(), !check.may_fail)) return;
  check.Add("name", absl::StrCat("there is a ", what, " \"", request->name(), "\" already"));
}

}  // namespace

void CheckReferences(StepCheck& check) {
  ReferenceCheck references(check);
  references.Walk(*check.step.call.request, "");
  references.Look(check.step.call.expected);
  if (const auto* dump = std::get_if<plan::DumpShape>(&check.step.shape)) {
    for (const plan::EntryExpectation& entry : dump->entries) {
      references.Look(entry.key);
      references.Look(entry.value);
    }
  }
  if (const auto* events = std::get_if<plan::EventsShape>(&check.step.shape)) {
    for (const plan::RecordExpectation& record : events->records) references.Look(record.record);
  }
  const auto* connect = std::get_if<plan::ConnectShape>(&check.step.shape);
  if (connect == nullptr) return;
  if (const Pattern* server = plan::FindPart(check.step.call.expected, "server")) {
    references.LookAtServer(*server);
  }
  for (const plan::SharesExpectation& shares : check.step.call.shares) {
    if (shares.field != "server") continue;
    for (const plan::Share& share : shares.shares) references.LookAtServer(share.value);
  }
  if (!connect->servers) return;
  for (const std::string& name : connect->servers->value) {
    references.RequireServer(name, connect->servers->mark);
  }
}

void MakeSockets(StepCheck& check) {
  MakeNamed<bpfrig::v1::ListenRequest>(check, NameKind::kServer, "server");
  MakeNamed<bpfrig::v1::ConnectRequest>(check, NameKind::kSocket, "connection or socket");
  MakeNamed<bpfrig::v1::OpenSocketRequest>(check, NameKind::kSocket, "connection or socket");
}

}  // namespace bpfrig::client::check
