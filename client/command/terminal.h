// How what a run prints looks: in colour or not, with a line of progress or not.
#pragma once

#include "client/command/options.h"
#include "client/report/report.h"

namespace bpfrig::client::command {

// For standard output, as the option, the terminal, NO_COLOR and TERM say.
[[nodiscard]] report::Style StyleOfOutput(ColorMode color);

}  // namespace bpfrig::client::command
