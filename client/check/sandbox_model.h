// What a test's sandbox holds after each step, as far as that can be told without one: objects with their
// programs and maps, links, servers, connections and sockets. A name that only a step can make which may fail
// is held for possible: nothing is said against it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/description.pb.h"
#include "client/check/types.h"

namespace bpfrig::client::check {

// An object that a step loaded.
struct LoadedObject {
  std::string name;
  // Null if nothing is known of it.
  const bpfrig::v1::ObjectDescription* description = nullptr;
  // False if the step that loads it is expected to fail.
  bool is_certain = true;
  // Programs that the step left out.
  std::set<std::string> left_out;
  // Maps whose sizes the step sets.
  std::set<std::string> sized_by_plan;
  // Maps that may be another object's.
  std::set<std::string> shared;
};

// What a name means: an item, or why it means nothing; neither, if that cannot be told.
template <typename Item>
struct Found {
  const Item* item = nullptr;
  const LoadedObject* object = nullptr;
  std::string problem;
  // Whether the problem is that it means several.
  bool is_ambiguous = false;
};
using FoundProgram = Found<bpfrig::v1::ProgramDescription>;
using FoundMap = Found<bpfrig::v1::MapDescription>;
using FoundGlobal = Found<bpfrig::v1::GlobalDescription>;

class SandboxModel {
 public:
  // False if an object of that name is there for certain already.
  [[nodiscard]] bool AddObject(LoadedObject object);
  [[nodiscard]] const LoadedObject* FindObject(absl::string_view name) const;

  // By `name` or `object/name`.
  [[nodiscard]] FoundProgram FindProgram(absl::string_view name) const;
  [[nodiscard]] FoundMap FindMap(absl::string_view name) const;
  [[nodiscard]] FoundGlobal FindGlobal(absl::string_view name) const;
  // By `type`, looked for in `home` first, if there is one, or `object/type`. `problem` says why there is
  // none, if it is sure that no source has it.
  [[nodiscard]] TypeRef FindType(absl::string_view name, const LoadedObject* home,
                                 std::string& problem) const;

  // Names that a plan chose.
  enum class NameKind { kLink, kServer, kSocket };
  // False if the name is taken for certain.
  [[nodiscard]] bool AddName(NameKind kind, const std::string& name, bool is_certain);
  void RemoveName(NameKind kind, const std::string& name) { NamesOf(kind).erase(name); }
  [[nodiscard]] bool HasName(NameKind kind, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> Names(NameKind kind) const;

 private:
  // The type of that name in any object; not known, and not sure, if objects may have more types, or several
  // have one.
  [[nodiscard]] TypeRef FindTypeInAny(absl::string_view name, bool& is_sure) const;

  using NameMap = std::map<std::string, bool>;  // to whether it is certain
  [[nodiscard]] NameMap& NamesOf(NameKind kind) { return names_[static_cast<size_t>(kind)]; }
  [[nodiscard]] const NameMap& NamesOf(NameKind kind) const { return names_[static_cast<size_t>(kind)]; }
  [[nodiscard]] std::vector<std::string> ObjectNames() const;
  template <typename Item, typename ItemsOf>
  [[nodiscard]] Found<Item> Find(absl::string_view noun, absl::string_view name,
                                 const ItemsOf& items_of) const;

  std::vector<LoadedObject> objects_;
  NameMap names_[3];
};

// `object/name` in its two halves; the first is empty for a plain name.
struct SplitReference {
  std::string object;
  std::string name;
};
[[nodiscard]] SplitReference Split(absl::string_view reference);

}  // namespace bpfrig::client::check
