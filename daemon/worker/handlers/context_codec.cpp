#include "daemon/worker/handlers/context_codec.h"

#include <linux/bpf.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/worker/handlers/expected_values.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::RunProgramRequest;
using kernel_bpf::Encoded;

bool Names(const bpfrig::v1::Value& fields, absl::string_view name) {
  for (const bpfrig::v1::Field& field : fields.fields().fields()) {
    if (field.name() == name) return true;
  }
  return false;
}

// The kernel refuses a context whose packet does not end where the data does.
void SetPacketEnd(const RunProgramRequest& request, std::string& context) {
  const auto end = static_cast<uint32_t>(request.data().size());
  std::memcpy(context.data() + offsetof(struct xdp_md, data_end), &end, sizeof(end));
}

}  // namespace

absl::StatusOr<ContextCodec> ContextCodec::Open(Sandbox& sandbox, const kernel_bpf::Program& program) {
  const kernel_bpf::RunContextType* context = kernel_bpf::FindRunContext(program.type());
  if (context == nullptr) {
    return base::WithObject(
        base::MakeError(base::Reason::kUnsupported,
                        absl::StrCat("test-running ", program.name(), " with a context: programs of type ",
                                     program.type_name(),
                                     " have none; these have: ", kernel_bpf::ProgramTypesWithContext())),
        program.name());
  }
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::TypeRef type,
                          sandbox.objects().FindKernelType(absl::StrCat("struct ", context->name)));
  return ContextCodec(*context, type);
}

absl::StatusOr<std::string> ContextCodec::Encode(const Sandbox& sandbox,
                                                 const RunProgramRequest& request) const {
  bpfrig::v1::Value fields = request.context_fields();
  fields.mutable_fields();  // none, if only patterns ask for a context
  const absl::StatusOr<kernel_bpf::Value> resolved =
      sandbox.values().Resolve(fields, Reference::kNone, Purpose::kWrite);
  absl::StatusOr<Encoded> encoded =
      resolved.ok() ? kernel_bpf::Encode(type_, *resolved) : absl::StatusOr<Encoded>(resolved.status());
  if (!encoded.ok()) return base::WithField(encoded.status(), "context_fields");
  if (context_->program_type == BPF_PROG_TYPE_XDP && !Names(fields, "data_end"))
    SetPacketEnd(request, encoded->bytes);
  return std::move(encoded->bytes);
}

absl::Status ContextCodec::Decode(const Sandbox& sandbox, const RunProgramRequest& request,
                                  const std::string& context,
                                  bpfrig::v1::RunProgramResponse& response) const {
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value left, kernel_bpf::Decode(type_, context));
  ToProto(left, *response.mutable_context_fields());
  return ResolvePatterns(sandbox.values(), type_, request.context_patterns(),
                         *response.mutable_context_patterns(), "context_patterns");
}

absl::Status ContextCodec::Explain(const absl::Status& refused) const {
  if (base::DetailOf(refused).errno_name != "EINVAL") return refused;
  return base::WithHint(refused,
                        absl::StrCat("of a ", context_->name, " the kernel takes only ", context_->taken));
}

}  // namespace bpfrig::worker
