#include "client/plan/fingerprint.h"

#include <variant>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::plan {

void Fingerprint::AddBytes(absl::string_view bytes) {
  constexpr uint64_t kPrime = 0x100000001b3;
  for (const char byte : bytes) value_ = (value_ ^ static_cast<unsigned char>(byte)) * kPrime;
}

void Fingerprint::Add(absl::string_view text) {
  AddBytes(absl::StrCat(text.size(), ":"));
  AddBytes(text);
}

void Fingerprint::Add(const Node& node) {
  Add(absl::StrCat(static_cast<int>(node.kind), node.quoted ? "q" : ""));
  Add(node.tag);
  Add(node.text);
  Add(absl::StrCat(node.items.size(), ",", node.pairs.size()));
  for (const NodePtr& item : node.items) Add(*item);
  for (const NodePair& pair : node.pairs) {
    Add(*pair.key);
    Add(*pair.value);
  }
}

void Fingerprint::Add(const std::vector<Marked<std::string>>& names) {
  Add(absl::StrCat(names.size()));
  for (const Marked<std::string>& name : names) Add(name.value);
}

void Fingerprint::Add(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    const auto* load = std::get_if<LoadShape>(&step.shape);
    if (load != nullptr && load->object != nullptr) Add(*load->object);
  }
}

}  // namespace bpfrig::client::plan
