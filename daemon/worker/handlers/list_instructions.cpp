// ListInstructions: what the programs of a loaded object are made of, one program a message.
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {

void HandleListInstructions(Sandbox& /*sandbox*/, const CallPtr& call,
                            const bpfrig::v1::ListInstructionsRequest& /*request*/) {
  call->Finish(base::MakeError(base::Reason::kUnsupported, "listing instructions: this daemon cannot yet"));
}

}  // namespace bpfrig::worker
