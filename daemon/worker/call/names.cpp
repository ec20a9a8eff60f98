#include "daemon/worker/call/names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/status.h"

namespace bpfrig::worker {
namespace {

// So many names help; more hide the sentence.
constexpr size_t kMaxNamesListed = 32;

using base::MakeError;
using base::Reason;

}  // namespace

absl::Status UnknownName(absl::string_view what, absl::string_view name,
                         const std::vector<std::string>& existing) {
  std::string list = "there are none";
  if (!existing.empty()) {
    const size_t listed = std::min(existing.size(), kMaxNamesListed);
    list = absl::StrCat("there are ", absl::StrJoin(existing.begin(),
                                                    existing.begin() + static_cast<ptrdiff_t>(listed), ", "));
    if (listed < existing.size()) absl::StrAppend(&list, " and ", existing.size() - listed, " more");
    if (existing.size() == 1) list = absl::StrCat("there is ", existing.front());
  }
  return base::WithObject(
      MakeError(Reason::kUnknownName, absl::StrCat("looking up the ", what, " '", name, "': ", list)), name);
}

absl::Status AmbiguousName(absl::string_view what, absl::string_view name,
                           const std::vector<std::string>& full_names) {
  return base::WithObject(MakeError(Reason::kUnknownName, absl::StrCat("looking up the ", what, " '", name,
                                                                       "': several objects have one: say ",
                                                                       absl::StrJoin(full_names, " or "))),
                          name);
}

absl::Status DuplicateName(absl::string_view what, absl::string_view name) {
  return base::WithObject(
      MakeError(Reason::kDuplicateName, absl::StrCat("naming ", what.substr(0, 1) == "o" ? "an " : "a ", what,
                                                     " '", name, "': the name is taken")),
      name);
}

QualifiedName SplitName(absl::string_view name) {
  const size_t slash = name.find('/');
  if (slash == absl::string_view::npos) return {"", std::string(name)};
  return {std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
}

}  // namespace bpfrig::worker
