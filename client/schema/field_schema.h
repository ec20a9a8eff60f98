// The schema of what the API's descriptors describe: requests as plans write them, and answers as plans
// expect them. plan_schema.h puts them into steps.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "client/schema/json.h"

namespace bpfrig::client::schema {

class FieldSchemas {
 public:
  // Messages that the schemas refer to are added to `definitions`.
  explicit FieldSchemas(Json& definitions) : definitions_(definitions) {}

  // A mapping of a request's fields.
  [[nodiscard]] Json Request(const google::protobuf::Descriptor& type);
  // The same of an answer's, each with what may be expected of it.
  [[nodiscard]] Json Expected(const google::protobuf::Descriptor& type);
  // What may be expected of one field.
  [[nodiscard]] Json ExpectedField(const google::protobuf::FieldDescriptor& field);

  // A message that a tag or a plan has by itself, as a definition of its name.
  [[nodiscard]] Json RequestPart(const google::protobuf::Descriptor& type);

 private:
  using Field = google::protobuf::FieldDescriptor;

  void AddRequestField(const Field& field, Json& mapping);
  [[nodiscard]] Json RequestField(const Field& field);
  [[nodiscard]] Json RequestElement(const Field& field);
  [[nodiscard]] Json ExpectedPart(const google::protobuf::Descriptor& type);

  Json& definitions_;
};

}  // namespace bpfrig::client::schema
