// Options that several commands have: which plans and tests, and which daemon. command_line.cpp adds them.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "client/command/options.h"

namespace bpfrig::client {

// Headings of the help.
inline constexpr const char* kWhichTests = "Which tests";
inline constexpr const char* kHowTheyRun = "How they run";
inline constexpr const char* kWhatIsShown = "What is shown";
inline constexpr const char* kKernels = "Which kernels";
inline constexpr const char* kDaemon = "Which daemon";

// A check of a number with bounds, for people: CLI11's own prints six digits and no unit. `unit` is empty, or
// as in "of seconds ".
[[nodiscard]] std::function<std::string(const std::string&)> Between(double least, double most,
                                                                     const char* unit);

void AddPlanOptions(CLI::App& command, command::PlanOptions& options);
CLI::Option* AddTarget(CLI::App& command, std::string& target, const char* description);
void AddCredentials(CLI::App& command, daemon::Credentials& credentials);
void AddDaemon(CLI::App& command, std::string& executable, const char* description);
// How guests are made; which kernels they have, commands say themselves.
void AddGuestOptions(CLI::App& command, guest::GuestOptions& options);
void AddDaemonOptions(CLI::App& command, command::DaemonOptions& options);

}  // namespace bpfrig::client
