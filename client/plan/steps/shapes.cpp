#include "client/plan/steps/shapes.h"

#include <array>

namespace bpfrig::client::plan {
namespace {

struct NamedShape {
  absl::string_view step;
  ReadShape read;
};

constexpr std::array kShapes = {
    NamedShape{"load", ReadLoad},       NamedShape{"seed", ReadSeed},
    NamedShape{"dump", ReadDump},       NamedShape{"events", ReadEvents},
    NamedShape{"connect", ReadConnect}, NamedShape{"send", ReadSend},
    NamedShape{"receive", ReadReceive}, NamedShape{"getsockopt", ReadGetSocketOption},
    NamedShape{"set", ReadSet},         NamedShape{"globals", ReadGlobals},
    NamedShape{"run", ReadRun},
};

}  // namespace

ReadShape FindShape(absl::string_view step) {
  for (const NamedShape& shape : kShapes) {
    if (shape.step == step) return shape.read;
  }
  return nullptr;
}

bool HasOwnForm(absl::string_view step) { return step == "globals"; }

}  // namespace bpfrig::client::plan
