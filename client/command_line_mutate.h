// The options of `bpfrig mutate`. command_line.cpp adds them.
#pragma once

#include <CLI/CLI.hpp>

#include "client/command/options.h"

namespace bpfrig::client {

void AddMutate(CLI::App& app, command::MutateOptions& options);

}  // namespace bpfrig::client
