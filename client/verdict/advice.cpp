#include "client/verdict/advice.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/plan/yaml/scalars.h"

namespace bpfrig::client::verdict {
namespace {

std::string TextOf(const plan::Step& step, const char* key) {
  const plan::NodePtr node = step.node->IsMapping() ? plan::FindKey(*step.node, key) : nullptr;
  return node != nullptr && node->IsScalar() ? node->text : "";
}

// A loaded object goes by its own name, and a link by its program's, if they are given no other.
std::string NameGivenBy(const plan::Step& step) {
  const bool is_attach = step.name == "attach";
  const std::string name = TextOf(step, is_attach ? "link" : "name");
  if (!name.empty() || !(is_attach || step.name == "load")) return name;
  return TextOf(step, is_attach ? "program" : "object");
}

}  // namespace

std::string AdviseAddresses(const plan::Test& test, const Differences& differences) {
  const bool no_way = std::any_of(differences.begin(), differences.end(), [](const Difference& difference) {
    return absl::StartsWith(difference.field, "errno") &&
           (difference.actual == "ENETUNREACH" || difference.actual == "EADDRNOTAVAIL");
  });
  if (!no_way) return "";
  const auto& addresses = test.sandbox.request.addresses();
  const std::string own =
      addresses.empty() ? "no addresses but those of lo"
                        : absl::StrCat("the addresses ", absl::StrJoin(addresses, ", "), " and those of lo");
  return absl::StrCat("the sandbox has ", own, "; `sandbox: {addresses: [...]}` gives it more");
}

// What the step makes: names of one kind may be those of another.
std::string KindOf(const plan::Step& step) { return step.name == "socket" ? "connect" : step.name; }

std::string AdviseName(const plan::Test& test, const plan::Step& step, const std::string& name) {
  std::string found;
  for (const std::vector<plan::Step>* steps : {&test.setup, &test.steps, &test.teardown}) {
    for (const plan::Step& other : *steps) {
      if (ToString(other.mark) == ToString(step.mark) && other.used_at == step.used_at) return found;
      if (KindOf(other) == KindOf(step) && NameGivenBy(other) == name)
        found = absl::StrCat(ToString(other.mark), ": ", other.name, " took it");
    }
  }
  return found;
}

std::string AdviseQuotes(const plan::Node& node) {
  return plan::WithoutQuotes(node).empty() ? "" : "in quotes it is text; write it without them";
}

}  // namespace bpfrig::client::verdict
