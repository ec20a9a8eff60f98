#include "client/verdict/pattern.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/verdict/as_written.h"
#include "client/verdict/format.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::Value;
using google::protobuf::util::MessageDifferencer;

const Value* FindMember(const Value& value, const std::string& name) {
  for (const auto& field : value.fields().fields()) {
    if (field.name() == name) return &field.value();
  }
  return nullptr;
}

const Value* FindItem(const Value& value, int index) {
  return index < value.list().values_size() ? &value.list().values(index) : nullptr;
}

// Walks what the plan named through both decoded values.
class FieldComparison {
 public:
  explicit FieldComparison(Differences& differences) : differences_(differences) {}

  void Compare(const Value& written, const Value& expected, const Value& actual, const plan::NodePtr& node,
               const std::string& path) {
    if (written.has_fields() && expected.has_fields() && actual.has_fields()) {
      for (const auto& field : written.fields().fields()) {
        plan::NodePtr below = node->IsMapping() ? plan::FindKey(*node, field.name()) : nullptr;
        Descend(field.value(), FindMember(expected, field.name()), FindMember(actual, field.name()),
                below ? below : node, absl::StrCat(path, ".", field.name()));
      }
      return;
    }
    if (written.has_list() && expected.has_list() && actual.has_list()) {
      for (int i = 0; i < written.list().values_size(); ++i) {
        const auto index = static_cast<size_t>(i);
        plan::NodePtr below = index < node->items.size() ? node->items[index] : nullptr;
        Descend(written.list().values(i), FindItem(expected, i), FindItem(actual, i), below ? below : node,
                absl::StrCat(path, "[", i, "]"));
      }
      return;
    }
    if (MessageDifferencer::Equals(expected, actual)) return;
    std::string text = FormatValue(written);
    // What a tag or a name stands for, so that both sides can be compared by eye.
    if (const std::string decoded = FormatValue(expected); decoded != text) {
      absl::StrAppend(&text, " = ", decoded);
    }
    std::string came = FormatValue(actual);
    if (const std::string like = FormatAsWritten(written, expected, actual); !like.empty()) {
      came = absl::StrCat(like, " = ", came);
    }
    differences_.push_back({node->mark, path, text, came});
  }

 private:
  void Descend(const Value& written, const Value* expected, const Value* actual, const plan::NodePtr& node,
               const std::string& path) {
    if (expected != nullptr && actual != nullptr) Compare(written, *expected, *actual, node, path);
  }

  Differences& differences_;
};

// The bytes that the mask covers; the others as dots.
std::string MaskedHex(const std::string& bytes, const std::string& mask) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i != 0) hex.push_back(' ');
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (i < mask.size() && mask[i] == 0) {
      hex.append("..");
    } else {
      hex.push_back(kDigits[byte >> 4]);
      hex.push_back(kDigits[byte & 0xf]);
    }
  }
  return hex;
}

}  // namespace

bool Matches(const bpfrig::v1::ResolvedValue& pattern, const std::string& memory) {
  const std::string& bytes = pattern.bytes();
  const std::string& mask = pattern.mask();
  if (memory.size() < bytes.size()) return false;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int covered = i < mask.size() ? mask[i] : 0xff;
    if (((memory[i] ^ bytes[i]) & covered) != 0) return false;
  }
  return true;
}

Differences CompareFields(const ExpectedValue& expected, const Value* decoded, const std::string& memory,
                          const std::string& name) {
  Differences differences;
  if (decoded != nullptr && expected.resolved.has_decoded()) {
    FieldComparison(differences)
        .Compare(expected.written, expected.resolved.decoded(), *decoded, expected.node, name);
  }
  if (differences.empty() && !Matches(expected.resolved, memory)) {
    differences.push_back({expected.node->mark, name,
                           absl::StrCat(FormatValue(expected.written), " = ",
                                        MaskedHex(expected.resolved.bytes(), expected.resolved.mask())),
                           MaskedHex(memory, expected.resolved.mask())});
  }
  return differences;
}

}  // namespace bpfrig::client::verdict
