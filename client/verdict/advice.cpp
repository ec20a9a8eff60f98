#include "client/verdict/advice.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/plan/scalars.h"

namespace bpfrig::client::verdict {

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

std::string AdviseQuotes(const plan::Node& node) {
  return plan::WithoutQuotes(node).empty() ? "" : "in quotes it is text; write it without them";
}

}  // namespace bpfrig::client::verdict
