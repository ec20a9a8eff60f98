// The API only grows: what bpfrig.v1.txt lists must still be there, number by number and type by type. What
// is new has to be listed too: BPFRIG_UPDATE_GOLDEN=1 adds it. Nothing takes a line out but a hand that means
// it.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace bpfrig::tests {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using google::protobuf::SourceLocation;

// All that a set of .proto files declares: a line each, and those without a comment.
class Api {
 public:
  void Add(const FileDescriptor& file) {
    for (int i = 0; i < file.service_count(); ++i) Add(*file.service(i));
    for (int i = 0; i < file.message_type_count(); ++i) Add(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) Add(*file.enum_type(i));
    for (int i = 0; i < file.extension_count(); ++i) Add(*file.extension(i));
  }

  const std::set<std::string>& lines() const { return lines_; }
  const std::vector<std::string>& uncommented() const { return uncommented_; }

 private:
  template <typename Declaration>
  void Note(const Declaration& declaration, const std::string& name, const std::string& line) {
    lines_.insert(line);
    SourceLocation location;
    if (!declaration.GetSourceLocation(&location) || location.leading_comments.empty()) {
      uncommented_.push_back(name);
    }
  }

  void Add(const ServiceDescriptor& service) {
    Note(service, service.full_name(), absl::StrCat("service ", service.full_name()));
    for (int i = 0; i < service.method_count(); ++i) {
      const MethodDescriptor& method = *service.method(i);
      const auto stream = [](bool streams) { return streams ? "stream " : ""; };
      Note(method, method.full_name(),
           absl::StrCat("rpc ", method.full_name(), "(", stream(method.client_streaming()),
                        method.input_type()->full_name(), ") returns (", stream(method.server_streaming()),
                        method.output_type()->full_name(), ")"));
    }
  }

  void Add(const Descriptor& message) {
    Note(message, message.full_name(), absl::StrCat("message ", message.full_name()));
    for (int i = 0; i < message.field_count(); ++i) Add(*message.field(i));
    for (int i = 0; i < message.nested_type_count(); ++i) Add(*message.nested_type(i));
    for (int i = 0; i < message.enum_type_count(); ++i) Add(*message.enum_type(i));
  }

  void Add(const FieldDescriptor& field) {
    const std::string type = field.message_type() != nullptr ? field.message_type()->full_name()
                             : field.enum_type() != nullptr  ? field.enum_type()->full_name()
                                                             : field.type_name();
    std::string line = absl::StrCat("field ", field.full_name(), " = ", field.number(), ": ",
                                    field.is_repeated() ? "repeated " : "", type);
    if (field.has_optional_keyword()) absl::StrAppend(&line, ", optional");
    if (const auto* oneof = field.real_containing_oneof()) absl::StrAppend(&line, ", of ", oneof->name());
    if (field.is_extension()) absl::StrAppend(&line, ", extends ", field.containing_type()->full_name());
    Note(field, field.full_name(), line);
  }

  void Add(const EnumDescriptor& type) {
    Note(type, type.full_name(), absl::StrCat("enum ", type.full_name()));
    for (int i = 0; i < type.value_count(); ++i) {
      // A value's full name is that of its enum's surroundings.
      const std::string name = absl::StrCat(type.full_name(), ".", type.value(i)->name());
      Note(*type.value(i), name, absl::StrCat("value ", name, " = ", type.value(i)->number()));
    }
  }

  std::set<std::string> lines_;
  std::vector<std::string> uncommented_;
};

class ApiTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(BPFRIG_API_DESCRIPTORS, std::ios::binary);
    ASSERT_TRUE(set_.ParseFromIstream(&file)) << "reading " BPFRIG_API_DESCRIPTORS;
    for (const auto& proto : set_.file()) {
      const FileDescriptor* built = pool_.BuildFile(proto);
      ASSERT_NE(built, nullptr) << proto.name();
      if (built->package() == "bpfrig.v1") api_.Add(*built);
    }
    ASSERT_GT(api_.lines().size(), 100U);
  }

  FileDescriptorSet set_;
  DescriptorPool pool_;
  Api api_;
};

std::set<std::string> Missing(const std::set<std::string>& from, const std::set<std::string>& in) {
  std::set<std::string> missing;
  std::set_difference(from.begin(), from.end(), in.begin(), in.end(), std::inserter(missing, missing.end()));
  return missing;
}

TEST_F(ApiTest, OnlyGrows) {
  std::set<std::string> snapshot;
  std::ifstream file(BPFRIG_API_SNAPSHOT);
  for (std::string line; std::getline(file, line);) snapshot.insert(line);
  ASSERT_THAT(Missing(snapshot, api_.lines()), testing::IsEmpty())
      << "clients rely on these: they were taken away or changed";
  std::set<std::string> added = Missing(api_.lines(), snapshot);
  if (std::getenv("BPFRIG_UPDATE_GOLDEN") != nullptr) {
    snapshot.merge(added);
    std::ofstream out(BPFRIG_API_SNAPSHOT);
    for (const std::string& line : snapshot) out << line << "\n";
    added.clear();
  }
  EXPECT_THAT(added, testing::IsEmpty())
      << "these are new: BPFRIG_UPDATE_GOLDEN=1 adds them to tests/api/bpfrig.v1.txt, to be kept for good";
}

TEST_F(ApiTest, EveryDeclarationHasAComment) { EXPECT_THAT(api_.uncommented(), testing::IsEmpty()); }

}  // namespace
}  // namespace bpfrig::tests
