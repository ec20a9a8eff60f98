#include "client/plan/scalars.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/plan/field_reader.h"
#include "common/ip_address.h"
#include "common/name.h"
#include "common/near_names.h"

namespace bpfrig::client::plan {
namespace {

constexpr std::chrono::milliseconds kLongest = std::chrono::seconds(60);

void Expected(const NodePtr& node, absl::string_view what, absl::string_view expected, Problems& problems) {
  problems.Add(node->mark, absl::StrCat(what, " must be ", expected, ", not ", Describe(*node)));
}

bool IsPlainText(const Node& node) { return node.IsScalar() && node.tag.empty(); }

}  // namespace

NumberKind ParseNumber(absl::string_view text, uint64_t& magnitude) {
  const bool negative = absl::StartsWith(text, "-");
  if (negative) text.remove_prefix(1);
  unsigned base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    return NumberKind::kNone;  // 010 is eight to some and ten to others.
  }
  if (text.empty()) return NumberKind::kNone;
  magnitude = 0;
  bool too_big = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (base == 10 ? !absl::ascii_isdigit(byte) : !absl::ascii_isxdigit(byte)) return NumberKind::kNone;
    const unsigned digit =
        absl::ascii_isdigit(byte) ? byte - '0' : static_cast<unsigned>(absl::ascii_tolower(byte)) - 'a' + 10U;
    if (magnitude > (UINT64_MAX - digit) / base) too_big = true;
    magnitude = magnitude * base + digit;
  }
  if (too_big) return NumberKind::kTooBig;
  if (!negative || magnitude == 0) return NumberKind::kUnsigned;
  return magnitude > uint64_t{1} << 63 ? NumberKind::kTooBig : NumberKind::kNegative;
}

std::string ReadText(const NodePtr& node, absl::string_view what, Problems& problems) {
  if (IsPlainText(*node) && !node->text.empty()) return node->text;
  Expected(node, what, "text", problems);
  return "";
}

std::string ReadName(const NodePtr& node, absl::string_view what, Problems& problems) {
  if (IsPlainText(*node) && common::IsName(node->text)) return node->text;
  Expected(node, what, common::NameRule(), problems);
  return "";
}

std::string ReadWord(const NodePtr& node, absl::string_view what, const std::vector<std::string>& words,
                     Problems& problems) {
  if (IsPlainText(*node) && std::find(words.begin(), words.end(), node->text) != words.end()) {
    return node->text;
  }
  problems.Add(node->mark, absl::StrCat(what, " must be one of ", absl::StrJoin(words, ", "), ", not ",
                                        Describe(*node), common::DidYouMean(node->text, words)));
  return "";
}

bool ReadBool(const NodePtr& node, absl::string_view what, Problems& problems) {
  if (IsPlainText(*node) && !node->quoted) {
    if (node->text == "true") return true;
    if (node->text == "false") return false;
  }
  Expected(node, what, "true or false", problems);
  return false;
}

void ReadTrue(const NodePtr& node, absl::string_view what, Problems& problems) {
  if (IsPlainText(*node) && !node->quoted && node->text == "true") return;
  Expected(node, what, "true, or left out", problems);
}

uint64_t ReadUnsigned(const NodePtr& node, absl::string_view what, uint64_t least, uint64_t most,
                      Problems& problems) {
  uint64_t number = 0;
  if (IsPlainText(*node) && !node->quoted && ParseNumber(node->text, number) == NumberKind::kUnsigned &&
      number >= least && number <= most) {
    return number;
  }
  Expected(node, what, absl::StrCat("a number from ", least, " to ", most), problems);
  return least;
}

std::chrono::milliseconds ReadDuration(const NodePtr& node, absl::string_view what,
                                       std::chrono::milliseconds least, Problems& problems) {
  using std::chrono::milliseconds;
  if (IsPlainText(*node)) {
    absl::string_view text = node->text;
    int64_t scale = 0;
    if (absl::EndsWith(node->text, "ms")) {
      scale = 1;
      text.remove_suffix(2);
    } else if (absl::EndsWith(node->text, "s")) {
      scale = 1000;
      text.remove_suffix(1);
    }
    uint64_t number = 0;
    if (scale != 0 && ParseNumber(text, number) == NumberKind::kUnsigned && number <= 60'000) {
      const milliseconds duration(static_cast<int64_t>(number) * scale);
      if (duration >= least && duration <= kLongest) return duration;
    }
  }
  Expected(node, what, absl::StrCat("a duration such as 500ms or 2s, from ", least.count(), "ms to 60s"),
           problems);
  return least;
}

std::string ReadErrnoName(const NodePtr& node, absl::string_view what, Problems& problems) {
  const std::string& text = node->text;
  const bool is_name = IsPlainText(*node) && text.size() > 1 && text[0] == 'E' &&
                       std::all_of(text.begin(), text.end(), [](char c) {
                         return absl::ascii_isupper(static_cast<unsigned char>(c)) ||
                                absl::ascii_isdigit(static_cast<unsigned char>(c));
                       });
  if (is_name) return text;
  Expected(node, what, "an errno by name such as ECONNREFUSED", problems);
  return "";
}

std::string ReadAddress(const NodePtr& node, absl::string_view what, Problems& problems) {
  if (IsPlainText(*node) && !common::ParseIpAddress(node->text).empty()) return node->text;
  Expected(node, what, "an IPv4 or IPv6 address", problems);
  return "";
}

std::string ReadPrefix(const NodePtr& node, absl::string_view what, Problems& problems) {
  if (IsPlainText(*node)) {
    const size_t slash = node->text.find('/');
    const std::string bytes = common::ParseIpAddress(node->text.substr(0, slash));
    uint64_t length = 0;
    const bool length_fits =
        slash == std::string::npos ||
        (ParseNumber(absl::string_view(node->text).substr(slash + 1), length) == NumberKind::kUnsigned &&
         length <= bytes.size() * 8);
    if (!bytes.empty() && length_fits) return node->text;
  }
  Expected(node, what, "an IPv4 or IPv6 address, with or without a prefix length", problems);
  return "";
}

bpfrig::v1::SocketAddress ReadSocketAddress(const NodePtr& node, absl::string_view what, uint64_t least_port,
                                            Problems& problems) {
  bpfrig::v1::SocketAddress result;
  FieldReader fields(node, what, problems);
  if (NodePtr address = fields.Require("address", "an IPv4 or IPv6 address")) {
    result.set_address(ReadAddress(address, "address", problems));
  }
  if (NodePtr port = fields.Require("port", absl::StrCat("a port from ", least_port, " to 65535"))) {
    result.set_port(static_cast<uint32_t>(ReadUnsigned(port, "port", least_port, 65535, problems)));
  }
  return result;
}

void ReadList(const NodePtr& node, absl::string_view what, Problems& problems,
              const std::function<void(const NodePtr&)>& read) {
  if (!node->IsSequence() || !node->tag.empty()) return Expected(node, what, "a list", problems);
  for (const NodePtr& item : node->items) read(item);
}

}  // namespace bpfrig::client::plan
