#include "daemon/front/remote/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "0123456789abcdef";

Caller Named(const std::vector<std::string>& names) { return {.names = names, .authorizations = {}}; }
Caller Saying(const std::vector<std::string>& authorizations) {
  return {.names = {}, .authorizations = authorizations};
}

TEST(GateTest, IsShutWithoutRules) {
  Gate gate;
  EXPECT_TRUE(absl::IsUnauthenticated(gate.Admit(Saying({"Bearer "}))));
  gate.SetRules({.allowed_clients = std::nullopt, .token = ""});
  EXPECT_TRUE(absl::IsUnauthenticated(gate.Admit(Saying({"Bearer "}))));
}

TEST(GateTest, AdmitsWhoeverHasOneNameThatIsListed) {
  Gate gate;
  gate.SetRules({.allowed_clients = {{"ci", "spiffe://example.org/ci"}}, .token = ""});
  EXPECT_TRUE(gate.Admit(Named({"ci"})).ok());
  EXPECT_TRUE(gate.Admit(Named({"somebody", "spiffe://example.org/ci"})).ok());
}

TEST(GateTest, KnowsACallerByTheNameThatIsListed) {
  Gate gate;
  gate.SetRules({.allowed_clients = {{"ci", "spiffe://example.org/ci"}}, .token = ""});
  EXPECT_EQ(gate.NameOf(Named({"everybody", "spiffe://example.org/ci", "ci"})), "spiffe://example.org/ci");
  EXPECT_EQ(gate.NameOf(Named({"removed"})), "removed");
  gate.SetRules({.allowed_clients = std::nullopt, .token = kToken});
  EXPECT_EQ(gate.NameOf(Saying({"Bearer 0123456789abcdef"})), "");
}

TEST(GateTest, RefusesNamesThatAreNotListed) {
  Gate gate;
  gate.SetRules({.allowed_clients = {{"ci"}}, .token = ""});
  const std::vector<std::vector<std::string>> strangers = {
      {}, {""}, {"CI"}, {"ci "}, {"c"}, {std::string("ci\0", 3)}, {"ci.example.org", "*"}};
  for (const auto& names : strangers) {
    const absl::Status status = gate.Admit(Named(names));
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  }
  EXPECT_EQ(gate.Admit(Named({"stranger", "other"})).message(),
            "the client certificate is for \"stranger\", \"other\": not on the daemon's list of allowed "
            "clients");
  EXPECT_EQ(gate.Admit(Named({})).message(),
            "the client certificate has no name that the list of allowed clients could have");
}

TEST(GateTest, NamesCannotForgeLogLines) {
  Gate gate;
  gate.SetRules({.allowed_clients = {{"ci"}}, .token = ""});
  const absl::Status status = gate.Admit(Named({"x\nrefused \"y\"" + std::string(5000, 'z')}));
  EXPECT_THAT(status.message(), HasSubstr("\"x\\nrefused \\\"y\\\"zzz"));
  EXPECT_LT(status.message().size(), 500u);
}

TEST(GateTest, AdmitsWhoHasTheToken) {
  Gate gate;
  gate.SetRules({.allowed_clients = std::nullopt, .token = kToken});
  EXPECT_TRUE(gate.Admit(Saying({"Bearer 0123456789abcdef"})).ok());
  EXPECT_TRUE(gate.Admit(Saying({"bearer 0123456789abcdef"})).ok()) << "the scheme has no case";
}

TEST(GateTest, RefusesWhoHasAnotherTokenOrNone) {
  Gate gate;
  gate.SetRules({.allowed_clients = std::nullopt, .token = kToken});
  EXPECT_THAT(gate.Admit(Saying({})).message(), HasSubstr("no token"));
  const std::vector<std::vector<std::string>> wrong = {
      {""},
      {kToken},
      {"Bearer"},
      {"Bearer "},
      {"Bearer 0123456789abcde"},
      {"Bearer 0123456789abcdef0"},
      {"Bearer 0123456789ABCDEF"},
      {"Bearer  0123456789abcdef"},
      {"Basic 0123456789abcdef"},
      {"Bearer 0123456789abcdef", "Bearer 0123456789abcdef"}};
  for (const auto& authorizations : wrong) {
    const absl::Status status = gate.Admit(Saying(authorizations));
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << authorizations.front();
    EXPECT_THAT(status.message(), HasSubstr("wrong token"));
    EXPECT_THAT(status.message(), Not(HasSubstr("0123")));
  }
}

TEST(GateTest, AsksForBothWhereThereAreBoth) {
  Gate gate;
  gate.SetRules({.allowed_clients = {{"ci"}}, .token = kToken});
  EXPECT_TRUE(absl::IsUnauthenticated(gate.Admit(Named({"ci"}))));
  EXPECT_TRUE(absl::IsPermissionDenied(gate.Admit(Saying({"Bearer 0123456789abcdef"}))));
  EXPECT_TRUE(gate.Admit({.names = {"ci"}, .authorizations = {"Bearer 0123456789abcdef"}}).ok());
}

TEST(GateTest, NewRulesReplaceTheOld) {
  Gate gate;
  gate.SetRules({.allowed_clients = {{"ci", "old"}}, .token = ""});
  gate.SetRules({.allowed_clients = {{"ci"}}, .token = ""});
  EXPECT_TRUE(gate.Admit(Named({"ci"})).ok());
  EXPECT_FALSE(gate.Admit(Named({"old"})).ok());
}

}  // namespace
}  // namespace bpfrig::front
