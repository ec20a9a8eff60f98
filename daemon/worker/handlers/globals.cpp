// SetGlobals and ReadGlobals: variables of loaded objects by name, in the memory that their programs see.
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/objects/global_variables.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::ReadGlobalsRequest;
using bpfrig::v1::ReadGlobalsResponse;
using bpfrig::v1::SetGlobalsRequest;
using kernel_bpf::Encoded;
using kernel_bpf::Map;
using kernel_bpf::SectionWriter;

// A variable and what it is to hold.
struct Change {
  VariableReference variable;
  Encoded value;
};

absl::StatusOr<Encoded> EncodeFor(Sandbox& sandbox, const VariableReference& variable,
                                  const bpfrig::v1::Value& value, Purpose purpose) {
  const kernel_bpf::TypeRef type = variable.variable.type;
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value resolved,
                          sandbox.values().Resolve(value, Reference::kNone, purpose));
  BPFRIG_ASSIGN_OR_RETURN(Encoded encoded, kernel_bpf::Encode(type, resolved));
  BPFRIG_ASSIGN_OR_RETURN(const size_t size, kernel_bpf::SizeOf(type));
  if (encoded.bytes.size() == size) return encoded;
  return base::MakeError(base::Reason::kTypeMismatch,
                         absl::StrCat("variable ", variable.FullName(), " has ", size, " bytes, and so no ",
                                      "elements of its flexible array"));
}

// All of the request, before any of it is written.
absl::StatusOr<std::vector<Change>> EncodeAll(Sandbox& sandbox, const SetGlobalsRequest& request) {
  std::vector<Change> changes;
  for (const bpfrig::v1::Field& global : request.globals()) {
    absl::StatusOr<VariableReference> variable = FindVariable(sandbox.objects(), global.name());
    if (!variable.ok()) return base::WithField(variable.status(), global.name());
    absl::StatusOr<Encoded> value = EncodeFor(sandbox, *variable, global.value(), Purpose::kWrite);
    if (!value.ok()) return base::WithField(value.status(), global.name());
    changes.push_back({*std::move(variable), *std::move(value)});
  }
  return changes;
}

absl::Status Write(const SetGlobalsRequest& request, const std::vector<Change>& changes) {
  std::map<const Map*, SectionWriter> writers;
  for (size_t i = 0; i < changes.size(); ++i) {
    const Map* const section = changes[i].variable.section;
    if (writers.count(section) != 0) continue;
    absl::StatusOr<SectionWriter> writer = SectionWriter::Open(*section);
    if (!writer.ok()) return base::WithField(writer.status(), request.globals(static_cast<int>(i)).name());
    writers.emplace(section, *std::move(writer));
  }
  for (const Change& change : changes) {
    SectionWriter& writer = writers.at(change.variable.section);
    BPFRIG_RETURN_IF_ERROR(writer.Write(change.variable.variable.offset, change.value));
  }
  return absl::OkStatus();
}

// Reads each section once, so that variables of one section are of one moment.
class Reader {
 public:
  absl::Status Read(const VariableReference& variable, const std::string& name, bpfrig::v1::Global& global) {
    BPFRIG_ASSIGN_OR_RETURN(const absl::string_view section, SectionOf(*variable.section));
    BPFRIG_ASSIGN_OR_RETURN(const size_t size, kernel_bpf::SizeOf(variable.variable.type));
    const size_t offset = variable.variable.offset;
    if (offset > section.size() || size > section.size() - offset) {
      return base::MakeError(base::Reason::kBadObject,
                             absl::StrCat("reading '", name, "': it is outside of its section"));
    }
    const absl::string_view bytes = section.substr(offset, size);
    BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value value, kernel_bpf::Decode(variable.variable.type, bytes));
    global.set_name(name);
    global.set_raw(std::string(bytes));
    ToProto(value, *global.mutable_value());
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<absl::string_view> SectionOf(const Map& section) {
    const auto found = sections_.find(&section);
    if (found != sections_.end()) return absl::string_view(found->second);
    BPFRIG_ASSIGN_OR_RETURN(std::string bytes, kernel_bpf::ReadSection(section));
    return absl::string_view(sections_.emplace(&section, std::move(bytes)).first->second);
  }

  std::map<const Map*, std::string> sections_;
};

absl::Status AddPatterns(Sandbox& sandbox, const ReadGlobalsRequest& request, ReadGlobalsResponse& response) {
  for (int i = 0; i < request.patterns_size(); ++i) {
    const bpfrig::v1::Field& pattern = request.patterns(i);
    const std::string path = absl::StrCat("patterns[", i, "]");
    const absl::StatusOr<VariableReference> variable = FindVariable(sandbox.objects(), pattern.name());
    if (!variable.ok()) return base::WithField(variable.status(), path);
    const absl::StatusOr<Encoded> encoded = EncodeFor(sandbox, *variable, pattern.value(), Purpose::kExpect);
    if (!encoded.ok()) return base::WithField(encoded.status(), path);
    BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value decoded,
                            kernel_bpf::Decode(variable->variable.type, encoded->bytes));
    bpfrig::v1::ResolvedValue& resolved = *response.add_patterns();
    resolved.set_bytes(encoded->bytes);
    resolved.set_mask(encoded->mask);
    ToProto(decoded, *resolved.mutable_decoded());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status HandleSetGlobals(Sandbox& sandbox, const SetGlobalsRequest& request,
                              bpfrig::v1::SetGlobalsResponse&) {
  const absl::StatusOr<std::vector<Change>> changes = EncodeAll(sandbox, request);
  if (!changes.ok()) return base::WithField(changes.status(), "globals");
  return base::WithField(Write(request, *changes), "globals");
}

absl::Status HandleReadGlobals(Sandbox& sandbox, const ReadGlobalsRequest& request,
                               ReadGlobalsResponse& response) {
  Reader reader;
  for (int i = 0; i < request.names_size(); ++i) {
    const absl::StatusOr<VariableReference> variable = FindVariable(sandbox.objects(), request.names(i));
    absl::Status read = variable.status();
    if (read.ok()) read = reader.Read(*variable, request.names(i), *response.add_globals());
    if (!read.ok()) return base::WithField(read, absl::StrCat("names[", i, "]"));
  }
  if (request.names().empty()) {
    for (const VariableReference& variable : AllVariables(sandbox.objects())) {
      BPFRIG_RETURN_IF_ERROR(reader.Read(variable, variable.FullName(), *response.add_globals()));
    }
  }
  return AddPatterns(sandbox, request, response);
}

}  // namespace bpfrig::worker
