#include "daemon/describe/still_to_say.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/describe/map_needs.h"

namespace bpfrig::describe {
namespace {

std::string SocketMapOf(const v1::ObjectDescription& object) {
  for (const v1::MapDescription& map : object.maps()) {
    if (map.type() == "sockmap" || map.type() == "sockhash") return map.name();
  }
  return "MAP";
}

void SayOfProgram(const v1::ProgramDescription& program, const v1::ObjectDescription& object,
                  std::vector<std::string>& sentences) {
  const std::string subject = absl::StrCat("program \"", program.name(), "\"");
  if (!program.loaded_by_default()) {
    sentences.push_back(
        absl::StrCat(subject, " is loaded only if the plan names it: programs: [", program.name(), "]"));
  }
  if (!program.type_problem().empty()) {
    sentences.push_back(program.type_problem());
    return;
  }
  if (!program.not_allowed().empty()) {
    sentences.push_back(program.not_allowed());
    return;
  }
  switch (program.place()) {
    case v1::ATTACH_PLACE_SOCKET_MAP:
      sentences.push_back(absl::StrCat(subject, " is attached to a map of sockets: attach: {program: ",
                                       program.name(), ", map: ", SocketMapOf(object), "}"));
      return;
    case v1::ATTACH_PLACE_SOCKET:
      sentences.push_back(absl::StrCat(subject,
                                       " is attached to a socket that is there already: attach: "
                                       "{program: ",
                                       program.name(), ", socket: NAME}"));
      return;
    case v1::ATTACH_PLACE_UNSPECIFIED:
      sentences.push_back(absl::StrCat(subject, " of type ", program.type(),
                                       " cannot be attached in a sandbox, which has no place for it"));
      return;
    default:
      return;
  }
}

void SayOfMap(const v1::MapDescription& map, std::vector<std::string>& sentences) {
  const std::string subject = absl::StrCat("map \"", map.name(), "\"");
  if (!map.not_allowed().empty()) sentences.push_back(map.not_allowed());
  if (map.missing_size() != 0) {
    const auto setting = [](std::string* out, const std::string& name) {
      absl::StrAppend(out, name, ": ...");
    };
    sentences.push_back(absl::StrCat(subject, " has no ", absl::StrJoin(map.missing(), " and no "),
                                     ": maps: [{map: ", map.name(), ", ",
                                     absl::StrJoin(map.missing(), ", ", setting), "}]"));
  }
  if (HasEvents(map) && map.value_type() == 0) {
    sentences.push_back(absl::StrCat(
        subject, " does not say what its records are: events: {map: ", map.name(), ", type: ...}"));
  }
}

// One sentence for all maps that lack the same.
void SayOfTypes(const v1::ObjectDescription& object, std::vector<std::string>& sentences) {
  std::map<std::string, std::vector<std::string>> untyped;
  for (const v1::MapDescription& map : object.maps()) {
    // Sections are the compiler's.
    if (absl::StartsWith(map.name(), ".")) continue;
    std::vector<std::string> lacking;
    if (HasTypedKeys(map) && map.key_type() == 0) lacking.emplace_back("key_type");
    if (HasTypedValues(map) && map.value_type() == 0) lacking.emplace_back("value_type");
    if (!lacking.empty()) untyped[absl::StrJoin(lacking, " and ")].push_back(map.name());
  }
  for (const auto& [lacking, maps] : untyped) {
    sentences.push_back(
        absl::StrCat("declared by sizes: ", absl::StrJoin(maps, ", "), "; to write by type, give ", lacking,
                     " where they are seeded and dumped",
                     object.has_dwarf() ? " (types that BTF lacks may be in the debug information)" : ""));
  }
}

}  // namespace

std::vector<std::string> StillToSay(const v1::ObjectDescription& object) {
  std::vector<std::string> sentences;
  if (object.programs().empty() && object.maps().empty()) {
    sentences.emplace_back(
        "the object has nothing to load but types: load: {object: NAME, types_only: true}");
  }
  if (!object.has_btf()) {
    sentences.emplace_back(
        "the object has no BTF, so nothing in it has a type: compile it with clang -target bpf -g");
  }
  for (const v1::ProgramDescription& program : object.programs()) SayOfProgram(program, object, sentences);
  for (const v1::MapDescription& map : object.maps()) SayOfMap(map, sentences);
  SayOfTypes(object, sentences);
  return sentences;
}

}  // namespace bpfrig::describe
