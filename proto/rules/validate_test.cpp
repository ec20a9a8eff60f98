#include "proto/rules/validate.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bpfrig/v1/bpfrig.pb.h"
#include "bpfrig/v1/rules.pb.h"
#include "proto/rules/field_words.h"

namespace bpfrig::rules {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using ::testing::ElementsAre;

std::vector<std::string> Sentences(const google::protobuf::Message& message, Names names = Names::kProtocol) {
  std::vector<std::string> sentences;
  for (const Violation& violation : Validate(message, Position::kFirst, names)) {
    sentences.push_back(violation.sentence);
  }
  return sentences;
}

TEST(ValidateTest, SaysWhatIsWrongInTheNamesAskedFor) {
  v1::SendRequest request;
  request.mutable_from()->set_connection("a b");
  request.set_timeout_ms(60'001);
  EXPECT_THAT(
      Sentences(request),
      ElementsAre("sandbox is missing; the id of an open sandbox was expected",
                  "connection must be a name of 1 to 64 letters, digits, '_', '.' and '-', not \"a b\"",
                  "timeout_ms must be a duration such as 500ms or 2s, from 1ms to 60s, not 60001ms"));
  // A plan has no sandbox ids, and calls the timeout otherwise.
  EXPECT_THAT(
      Sentences(request, Names::kPlan),
      ElementsAre("connection must be a name of 1 to 64 letters, digits, '_', '.' and '-', not \"a b\"",
                  "timeout must be a duration such as 500ms or 2s, from 1ms to 60s, not 60001ms"));
}

TEST(ValidateTest, HoldsFieldsThatExcludeEachOtherAndEnumsToTheirRules) {
  v1::ReceiveRequest request;
  request.mutable_at()->set_connection("c");
  request.mutable_at()->set_end(static_cast<v1::ConnectionEnd>(7));
  request.mutable_until()->set_at_least(1);
  request.mutable_until()->set_until_closed(true);
  EXPECT_THAT(Sentences(request, Names::kPlan), ElementsAre("end must be one of dialled, accepted, not 7",
                                                            "until_closed and at_least exclude each other"));
}

TEST(ValidateTest, HoldsPackedEntriesToTheBytesOfAMessage) {
  v1::SeedMapRequest seed;
  seed.set_sandbox("a");
  seed.set_map("m");
  seed.mutable_packed()->set_count(1);
  EXPECT_THAT(Sentences(seed), ElementsAre());
  seed.add_entries();
  EXPECT_THAT(Sentences(seed), ElementsAre("packed and entries exclude each other"));
  seed.clear_entries();
  seed.mutable_packed()->set_values(std::string(3145728, 'v'));
  EXPECT_THAT(Sentences(seed), ElementsAre(testing::HasSubstr("at most 3145728 are allowed")));
}

TEST(ValidateTest, WantsAddressesThatGoWithTheTransport) {
  v1::ListenRequest listen;
  listen.set_sandbox("a");
  listen.set_name("s");
  listen.set_transport(v1::TRANSPORT_UDP);
  listen.mutable_at()->set_abstract("web");
  listen.mutable_behaviour()->set_close(true);
  EXPECT_THAT(Sentences(listen, Names::kPlan),
              ElementsAre("at must be an IPv4 or IPv6 address with transport: udp, not an abstract name",
                          "close goes with tcp and unix, not with udp"));
  // Without a transport the first address says which it is.
  v1::ConnectRequest connect;
  connect.mutable_to()->set_abstract("web");
  connect.mutable_from()->set_address("10.0.0.1");
  EXPECT_THAT(Sentences(connect, Names::kPlan),
              ElementsAre("from must be an abstract name as in to, not an IPv4 or IPv6 address"));
  connect.clear_from();
  connect.set_transport(v1::TRANSPORT_UNIX_DATAGRAM);
  connect.mutable_receive()->set_until_closed(true);
  EXPECT_THAT(Sentences(connect, Names::kPlan),
              ElementsAre("until_closed goes with tcp and unix, not with unix_datagram"));
  v1::OpenSocketRequest socket;
  socket.set_name("s");
  socket.set_transport(v1::TRANSPORT_UNIX);
  socket.set_family(v1::ADDRESS_FAMILY_IPV6);
  EXPECT_THAT(Sentences(socket, Names::kPlan), ElementsAre("family goes with tcp and udp, not with unix"));
  socket.set_family(v1::ADDRESS_FAMILY_UNSPECIFIED);
  EXPECT_THAT(Sentences(socket, Names::kPlan), ElementsAre());
}

// Types that no call had before, a chain of them with a rule in the last, asked about by all threads at once.
TEST(ValidateTest, FindsARuleFromEveryThreadAtOnce) {
  constexpr int kRounds = 100;
  constexpr int kThreads = 4;
  constexpr int kDepth = 50;
  // Alive to the end: what is known of a type goes by its address.
  static auto& pool =
      *new google::protobuf::DescriptorPool(google::protobuf::DescriptorPool::generated_pool());
  static auto& factory = *new google::protobuf::DynamicMessageFactory(&pool);
  for (int round = 0; round < kRounds; ++round) {
    google::protobuf::FileDescriptorProto file;
    file.set_name(absl::StrCat("round", round, ".proto"));
    file.set_package(absl::StrCat("round", round));
    file.set_syntax("proto3");
    file.add_dependency("bpfrig/v1/rules.proto");
    for (int depth = 0; depth <= kDepth; ++depth) {
      auto& type = *file.add_message_type();
      type.set_name(absl::StrCat("Depth", depth));
      auto& field = *type.add_field();
      field.set_name("below");
      field.set_number(1);
      field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
      if (depth < kDepth) {
        field.set_type(google::protobuf::FieldDescriptorProto::TYPE_MESSAGE);
        field.set_type_name(absl::StrCat("Depth", depth + 1));
      } else {
        field.set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
        field.mutable_options()->MutableExtension(v1::rules)->set_required(true);
      }
    }
    const google::protobuf::FileDescriptor* built = pool.BuildFile(file);
    ASSERT_NE(built, nullptr);
    const std::unique_ptr<google::protobuf::Message> message(
        factory.GetPrototype(built->message_type(0))->New());
    google::protobuf::Message* deepest = message.get();
    for (int depth = 0; depth < kDepth; ++depth) {
      deepest = deepest->GetReflection()->MutableMessage(deepest, deepest->GetDescriptor()->field(0));
    }
    std::atomic<int> ready = 0;
    std::atomic<int> found = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        ++ready;
        while (ready < kThreads) std::this_thread::yield();
        if (Validate(*message).size() == 1) ++found;
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(found, kThreads) << "round " << round;
  }
}

// A protocol that is the real one but for a rule of one field, which is added here as a line of a .proto is.
TEST(ValidateTest, FollowsARuleThatIsAddedToAField) {
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  google::protobuf::FileDescriptorProto file;
  file.set_name("added.proto");
  file.set_syntax("proto3");
  file.add_dependency("bpfrig/v1/rules.proto");
  auto* message = file.add_message_type();
  message->set_name("AddedRequest");
  auto* field = message->add_field();
  field->set_name("level");
  field->set_number(1);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_UINT32);
  field->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  field->mutable_options()->MutableExtension(v1::rules)->set_maximum(7);
  const auto* built = pool.BuildFile(file);
  ASSERT_NE(built, nullptr);
  google::protobuf::DynamicMessageFactory factory(&pool);
  const std::unique_ptr<google::protobuf::Message> request(
      factory.GetPrototype(built->message_type(0))->New());
  request->GetReflection()->SetUInt32(request.get(), built->message_type(0)->field(0), 8);
  EXPECT_THAT(Sentences(*request), ElementsAre("level must be a number from 0 to 7, not 8"));
}

// Calls `look` for every field of a message and of those below it, each message once.
template <typename Look>
void WalkFields(const Descriptor& type, std::set<const Descriptor*>& seen, const Look& look) {
  if (!seen.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    look(*type.field(i));
    if (type.field(i)->message_type() != nullptr) WalkFields(*type.field(i)->message_type(), seen, look);
  }
}

bool IsText(const FieldDescriptor& field) { return field.type() == FieldDescriptor::TYPE_STRING; }
bool IsNumber(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
}

// Options that do not fit their field fail here by the field's name.
TEST(RulesTest, FitTheFieldsThatHaveThem) {
  std::set<const Descriptor*> seen;
  const auto* service =
      v1::ConnectRequest::descriptor()->file()->pool()->FindServiceByName("bpfrig.v1.BpfRig");
  ASSERT_NE(service, nullptr);
  const auto check = [](const FieldDescriptor& field) {
    const v1::FieldRules& rules = RulesOf(field);
    SCOPED_TRACE(field.full_name());
    if (rules.text() != v1::TEXT_RULE_UNSPECIFIED) {
      EXPECT_TRUE(IsText(field));
    }
    if (rules.minimum() != 0 || rules.maximum() != 0 || rules.number() != 0) {
      EXPECT_TRUE(IsNumber(field));
    }
    if (rules.maximum_bytes() != 0) {
      EXPECT_EQ(field.cpp_type(), FieldDescriptor::CPPTYPE_STRING);
    }
    if (rules.maximum_items() != 0) {
      EXPECT_TRUE(field.is_repeated());
    }
    if (rules.maximum_message_bytes() != 0) {
      EXPECT_TRUE(field.is_repeated() || field.message_type() != nullptr);
    }
    if (rules.true_only()) {
      EXPECT_EQ(field.cpp_type(), FieldDescriptor::CPPTYPE_BOOL);
    }
    for (const std::string& name : rules.excludes()) {
      EXPECT_NE(field.containing_type()->FindFieldByName(name), nullptr) << name;
    }
    for (const std::string& name : rules.needs()) {
      ASSERT_NE(field.message_type(), nullptr);
      EXPECT_NE(field.message_type()->FindFieldByName(name), nullptr) << name;
    }
    for (const std::string& name : InPlan(field).needs()) {
      ASSERT_NE(field.message_type(), nullptr);
      EXPECT_NE(field.message_type()->FindFieldByName(name), nullptr) << name;
    }
    if (InPlan(field).inlined()) {
      EXPECT_NE(field.message_type(), nullptr);
    }
    if (!EmptyWord(field).empty()) {
      EXPECT_TRUE(IsText(field) || field.message_type() != nullptr);
    }
  };
  for (int i = 0; i < service->method_count(); ++i) {
    WalkFields(*service->method(i)->input_type(), seen, check);
    WalkFields(*service->method(i)->output_type(), seen, check);
  }
  EXPECT_GT(seen.size(), 50U);
}

// A request's fields that name something, wait or address must say so: a missing option fails by name.
TEST(RulesTest, AreThereForEveryTextAndWaitOfARequest) {
  std::set<const Descriptor*> seen = {v1::Value::descriptor()};
  const auto* service =
      v1::ConnectRequest::descriptor()->file()->pool()->FindServiceByName("bpfrig.v1.BpfRig");
  ASSERT_NE(service, nullptr);
  for (int i = 0; i < service->method_count(); ++i) {
    WalkFields(*service->method(i)->input_type(), seen, [&](const FieldDescriptor& field) {
      const v1::FieldRules& rules = RulesOf(field);
      SCOPED_TRACE(field.full_name());
      if (IsText(field)) {
        EXPECT_NE(rules.text(), v1::TEXT_RULE_UNSPECIFIED);
      }
      if (absl::EndsWith(field.name(), "_ms")) {
        EXPECT_TRUE(IsWait(field));
      }
      if (field.name() == "sandbox") {
        EXPECT_EQ(rules.text(), v1::TEXT_RULE_SANDBOX);
      }
    });
  }
}

}  // namespace
}  // namespace bpfrig::rules
