// What a plan's author may have overlooked, if a step failed in a way that tells. The runner adds it to the
// report.
#pragma once

#include <string>

#include "client/plan/plan.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// The sandbox's addresses, if the kernel found no way to one; empty otherwise.
[[nodiscard]] std::string AdviseAddresses(const plan::Test& test, const Differences& differences);

// That a number stands in quotes, if the daemon complained of its type; empty otherwise.
[[nodiscard]] std::string AdviseQuotes(const plan::Node& node);

// Which step before that one has given the name to something; empty if none is found.
[[nodiscard]] std::string AdviseName(const plan::Test& test, const plan::Step& step, const std::string& name);

}  // namespace bpfrig::client::verdict
