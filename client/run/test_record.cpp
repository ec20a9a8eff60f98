#include "client/run/test_record.h"

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/program.pb.h"
#include "client/run/file_name.h"

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::DumpMapRequest;
using bpfrig::v1::LoadProgramRequest;
using bpfrig::v1::LoadProgramResponse;
using bpfrig::v1::SeedMapRequest;
using bpfrig::v1::SetGlobalsRequest;

// Whether a step makes things ready, and drives nothing through them.
bool Prepares(const google::protobuf::Descriptor* request) {
  return request == LoadProgramRequest::descriptor() || request == SeedMapRequest::descriptor() ||
         request == SetGlobalsRequest::descriptor() || request == bpfrig::v1::AttachRequest::descriptor() ||
         request == bpfrig::v1::DetachRequest::descriptor() ||
         request == bpfrig::v1::ListenRequest::descriptor() ||
         request == bpfrig::v1::OpenSocketRequest::descriptor();
}

}  // namespace

void TestRecord::BeginStep(const plan::Step& step, const std::string& what, Sandbox& sandbox) {
  step_ = what;
  const google::protobuf::Message& request = *step.call.request;
  if (!Prepares(request.GetDescriptor())) maps_.TakeBefore(sandbox, what, traffic_.Sockets());
  if (const auto* seed = dynamic_cast<const SeedMapRequest*>(&request)) maps_.NoteWrite(seed->map());
  if (dynamic_cast<const SetGlobalsRequest*>(&request) != nullptr) maps_.NoteGlobals();
  const auto* dump = dynamic_cast<const DumpMapRequest*>(&request);
  if (dump != nullptr && dump->consume()) maps_.NoteWrite(dump->map());
}

void TestRecord::NoteAnswer(const google::protobuf::Message& request,
                            const google::protobuf::Message& answer) {
  const auto* load = dynamic_cast<const LoadProgramRequest*>(&request);
  if (load == nullptr) return traffic_.Note(step_, request, answer);
  const auto& response = static_cast<const LoadProgramResponse&>(answer);
  maps_.NoteLoad(load->name(), response.loaded());
  const std::string& log = response.has_rejected() ? response.rejected().log() : response.loaded().log();
  if (log.empty()) return;
  logs_.push_back({absl::StrCat("logs/", FileName(load->name())), ".log",
                   absl::StrCat("the verifier's log of ", load->name(), ", ", step_), log});
}

void TestRecord::NoteEvents(const std::string& map, const verdict::Events& events, size_t first,
                            uint64_t lost) {
  maps_.NoteEvents(map, events.events, first, lost);
}

void TestRecord::TakeRest(Sandbox& sandbox, bool has_failed) {
  maps_.TakeRest(sandbox);
  if (has_failed) traffic_.TakeRest(sandbox);
}

std::vector<Artifact> TestRecord::ToArtifacts() const {
  std::vector<Artifact> artifacts = logs_;
  maps_.AddTo(artifacts);
  traffic_.AddTo(artifacts);
  return artifacts;
}

}  // namespace bpfrig::client::run
