// `bpfrig schema`: what plans may have, for editors.
#include <iostream>

#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/schema/plan_schema.h"

namespace bpfrig::client::command {

int PrintSchema() {
  std::cout << schema::SchemaForEditors().dump(2) << "\n" << std::flush;
  return std::cout.good() ? kAllPassed : kRigFailed;
}

}  // namespace bpfrig::client::command
