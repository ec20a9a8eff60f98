// A rule is one option of a field. Here rules are added to a protocol of the test's own, as lines of a .proto
// would add them: the front and the plan reader both refuse what breaks them, in the same words, and neither
// has a line of code about it.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <string>

#include "bpfrig/v1/rules.pb.h"
#include "client/plan/fields/field_reader.h"
#include "client/plan/fields/message_reader.h"
#include "client/plan/yaml/yaml_reader.h"
#include "daemon/base/status.h"
#include "daemon/front/rpc/validate.h"

namespace bpfrig {
namespace {

using google::protobuf::FieldDescriptorProto;

class SameWordsTest : public ::testing::Test {
 protected:
  SameWordsTest() {
    file_.set_name("added.proto");
    file_.set_syntax("proto3");
    file_.add_dependency("bpfrig/v1/rules.proto");
    file_.add_message_type()->set_name("AddedRequest");
  }

  v1::FieldRules& AddField(const std::string& name, FieldDescriptorProto::Type type) {
    auto& message = *file_.mutable_message_type(0);
    auto* field = message.add_field();
    field->set_name(name);
    field->set_number(message.field_size());
    field->set_type(type);
    field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    return *field->mutable_options()->MutableExtension(v1::rules);
  }

  // A request of the protocol.
  std::unique_ptr<google::protobuf::Message> NewRequest() {
    if (built_ == nullptr) built_ = pool_.BuildFile(file_);
    return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(built_->message_type(0))->New());
  }

  // What `bpfrig check` says of a step with these fields; empty for nothing.
  std::string Check(const std::string& fields_of_step) {
    client::plan::Problems problems;
    const client::plan::NodePtr node =
        client::plan::ReadYaml(fields_of_step, std::make_shared<const std::string>("t.yaml"), problems);
    const auto request = NewRequest();
    client::plan::MessageReader reader(problems);
    client::plan::FieldReader fields(node, "added", problems);
    reader.Read(fields, *request);
    reader.CheckRules(fields, node, *request);
    return problems.Empty() ? "" : problems.Sorted()[0].message;
  }

  // What the front says of a request with this value.
  template <typename Set>
  absl::Status Front(const Set& set) {
    const auto request = NewRequest();
    for (int i = 0; i < request->GetDescriptor()->field_count(); ++i) {
      set(*request->GetReflection(), *request, *request->GetDescriptor()->field(i));
    }
    return front::Validate(*request);
  }

  google::protobuf::FileDescriptorProto file_;
  google::protobuf::DescriptorPool pool_{google::protobuf::DescriptorPool::generated_pool()};
  google::protobuf::DynamicMessageFactory factory_{&pool_};
  const google::protobuf::FileDescriptor* built_ = nullptr;
};

TEST_F(SameWordsTest, OnTheRangeOfANumber) {
  AddField("level", FieldDescriptorProto::TYPE_UINT32).set_maximum(7);
  const absl::Status refused =
      Front([](auto& reflection, auto& request, auto& field) { reflection.SetUInt32(&request, &field, 8); });
  EXPECT_EQ(refused.message(), "level must be a number from 0 to 7, not 8");
  EXPECT_EQ(base::DetailOf(refused).field, "level");
  EXPECT_EQ(Check("level: 7"), "");
  EXPECT_EQ(Check("level: 8"), "level must be a number from 0 to 7, not 8");
}

TEST_F(SameWordsTest, OnANameThatIsMissing) {
  v1::FieldRules& rules = AddField("cgroup", FieldDescriptorProto::TYPE_STRING);
  rules.set_required(true);
  rules.set_example("a cgroup's name");
  const absl::Status refused = Front([](auto&, auto&, auto&) {});
  EXPECT_EQ(refused.message(), "cgroup is missing; a cgroup's name was expected");
  EXPECT_EQ(Check("{}"), refused.message());
}

TEST_F(SameWordsTest, OnWhatATextMustBe) {
  AddField("address", FieldDescriptorProto::TYPE_STRING).set_text(v1::TEXT_RULE_ADDRESS);
  const absl::Status refused = Front([](auto& reflection, auto& request, auto& field) {
    reflection.SetString(&request, &field, "localhost");
  });
  EXPECT_EQ(refused.message(), "address must be an IPv4 or IPv6 address, not \"localhost\"");
  EXPECT_EQ(Check("address: localhost"), refused.message());
}

TEST_F(SameWordsTest, OnFieldsThatExcludeEachOther) {
  AddField("cgroup", FieldDescriptorProto::TYPE_STRING).add_excludes("netns");
  AddField("netns", FieldDescriptorProto::TYPE_STRING);
  const absl::Status refused = Front(
      [](auto& reflection, auto& request, auto& field) { reflection.SetString(&request, &field, "x"); });
  EXPECT_EQ(refused.message(), "cgroup and netns exclude each other");
  EXPECT_EQ(Check("{cgroup: x, netns: x}"), refused.message());
}

}  // namespace
}  // namespace bpfrig
