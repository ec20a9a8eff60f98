#include "common/unknown_option.h"

#include "absl/strings/str_cat.h"
#include "common/near_names.h"

namespace bpfrig::common {

std::string UnknownOption(absl::string_view argument, const std::vector<std::string>& known,
                          absl::string_view program) {
  const absl::string_view name = argument.substr(0, argument.find('='));
  return absl::StrCat("there is no option ", name, DidYouMean(name, known), "; `", program,
                      " --help` lists them");
}

std::string NotOneValue(absl::string_view option, size_t times, absl::string_view type) {
  if (times == 0) return absl::StrCat(option, " lacks its value: ", option, " ", type);
  return absl::StrCat(option, " is given ", times == 2 ? "twice" : absl::StrCat(times, " times"),
                      ", and takes one value");
}

}  // namespace bpfrig::common
