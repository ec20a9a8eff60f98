// CloseSandbox: ends the traffic, takes the programs' run counts, and lets go of everything.
#include <map>

#include "daemon/base/log.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {
namespace {

using RunCounts = std::map<const ProgramRecord*, uint64_t>;

// Updates what can be read; a count that was read once stays.
void ReadRunCounts(const ObjectStore& objects, RunCounts& counts) {
  for (const ProgramRecord& record : objects.programs()) {
    const absl::StatusOr<uint64_t> runs = record.Runs();
    if (runs.ok()) {
      counts[&record] = *runs;
    } else {
      base::LogWarning(runs.status().message());
    }
  }
}

void Destroy(Sandbox& sandbox, const RunCounts& counts, bpfrig::v1::CloseSandboxResponse& response) {
  response.set_closed(true);
  for (const ProgramRecord& record : sandbox.objects().programs()) {
    bpfrig::v1::ProgramLedger& ledger = *response.add_programs();
    ledger.set_program(record.FullName());
    ledger.set_attached(record.attached);
    const auto found = counts.find(&record);
    ledger.set_run_count(found == counts.end() ? 0 : found->second);
    ledger.set_counted(sandbox.runs_counted() && found != counts.end());
  }
  response.set_objects(static_cast<uint32_t>(sandbox.objects().object_count()));
  response.set_maps(static_cast<uint32_t>(sandbox.objects().map_count()));
  response.set_links(static_cast<uint32_t>(sandbox.links().DetachAll()));
  sandbox.objects().Clear();
}

}  // namespace

void HandleCloseSandbox(Sandbox& sandbox, const CallPtr& call,
                        const bpfrig::v1::CloseSandboxRequest& /*request*/) {
  if (sandbox.is_closed()) {
    Call::Reply reply;
    reply.mutable_close_sandbox()->set_closed(false);
    return call->FinishWith(absl::OkStatus(), reply);
  }
  sandbox.set_closed();
  auto reply = std::make_shared<Call::Reply>();
  bpfrig::v1::CloseSandboxResponse& response = *reply->mutable_close_sandbox();
  response.set_servers(static_cast<uint32_t>(sandbox.traffic().server_count()));
  response.set_connections(static_cast<uint32_t>(sandbox.traffic().connection_count()));

  // Programs run when connections close, too: count before, and again when everything has been closed.
  auto counts = std::make_shared<RunCounts>();
  ReadRunCounts(sandbox.objects(), *counts);
  sandbox.traffic().CloseDialled();
  // One turn of the loop lets the servers see that and close their ends.
  asio::post(sandbox.loop(), [&sandbox, call, counts, reply] {
    sandbox.traffic().CloseAll();
    asio::post(sandbox.loop(), [&sandbox, call, counts, reply] {
      ReadRunCounts(sandbox.objects(), *counts);
      Destroy(sandbox, *counts, *reply->mutable_close_sandbox());
      call->FinishWith(absl::OkStatus(), *reply);
    });
  });
}

}  // namespace bpfrig::worker
