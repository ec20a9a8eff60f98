// Fills a message of the protocol from a mapping of a plan, field by field as the message's descriptor and
// its options say, and holds it to the rules of its fields. Every request that a step sends is read here.
#pragma once

#include <google/protobuf/message.h>

#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/value.pb.h"
#include "client/plan/fields/field_reader.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

class MessageReader {
 public:
  explicit MessageReader(Problems& problems) : problems_(problems) {}

  // That field is read by the caller.
  void LeaveOut(absl::string_view name) { left_out_ = std::string(name); }
  // Nothing more is said of that field.
  void Ignore(std::string path) { broken_.insert(std::move(path)); }
  // Takes the keys that the message's fields have in a plan.
  void Read(FieldReader& fields, google::protobuf::Message& message) { ReadFields(fields, message, ""); }
  // Reads what is not a mapping as the member that the message's short form stands for; false if it is one,
  // or the message has no short form.
  [[nodiscard]] bool ReadShort(const NodePtr& node, google::protobuf::Message& message,
                               const std::string& path = "");

  // Complains of what breaks a rule, at the place that the plan has under `root` for it. What could not even
  // be read is not complained of again. Call it when all keys were asked for.
  void CheckRules(FieldReader& fields, const NodePtr& root, const google::protobuf::Message& message);

 private:
  using FieldDescriptor = google::protobuf::FieldDescriptor;
  using Message = google::protobuf::Message;

  void ReadFields(FieldReader& fields, Message& message, const std::string& path);
  void ReadInlined(FieldReader& fields, Message& message, const FieldDescriptor& field,
                   const std::string& path);
  void ReadField(const NodePtr& node, Message& message, const FieldDescriptor& field,
                 const std::string& path);
  void ReadScalar(const NodePtr& node, Message& message, const FieldDescriptor& field);
  void ReadRepeated(const NodePtr& node, Message& message, const FieldDescriptor& field,
                    const std::string& path);
  // A member of a oneof beside another one that is set.
  void CheckOneof(const NodePtr& node, const Message& message, const FieldDescriptor& field);
  // A list of named values, which a plan writes as a mapping.
  void ReadNamedValues(const NodePtr& node, Message& message, const FieldDescriptor& field);
  void ReadMessage(const NodePtr& node, Message& message, const FieldDescriptor& field,
                   absl::string_view what, const std::string& path);
  // Ends the keys of a message. A field whose key was only mistyped is not missing.
  void NoteMistyped(FieldReader& fields, const google::protobuf::Descriptor& type, const std::string& path);
  // Whether a field, or what it is part of, was complained of already.
  [[nodiscard]] bool IsBroken(const std::string& path) const;

  Problems& problems_;
  // Paths of fields that could not be read.
  std::set<std::string> broken_;
  std::string left_out_;
};

// The value of a field that is neither a message nor a list: text of a bool or an enum is its word.
[[nodiscard]] bpfrig::v1::Value ReadFieldValue(const NodePtr& node,
                                               const google::protobuf::FieldDescriptor& field,
                                               Problems& problems);

}  // namespace bpfrig::client::plan
