// The options of the commands, as main parses them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/daemon/credentials.h"
#include "client/daemon/private_daemon.h"
#include "client/guest/guest_runs.h"
#include "client/mutate/selection.h"
#include "client/plan/plan.h"

namespace bpfrig::client::command {

// Which daemon: one that runs, or a private one.
struct DaemonOptions {
  // Empty: a private one.
  std::string target;
  daemon::Credentials credentials;
  daemon::PrivateDaemonOptions private_daemon;
};

// Which tests.
struct PlanOptions {
  // Files and directories.
  std::vector<std::string> plans;
  // -I, then BPFRIG_OBJECT_PATH.
  std::vector<std::string> object_path;
  plan::Variables variables;
  // Tests with this in their "plan / name"; empty: all.
  std::string test_filter;
  // As test_expression.h reads it; empty: all.
  std::string expression;
  // Tests with one of these tags; empty: all.
  std::vector<std::string> tags;
};

enum class ColorMode { kAuto, kAlways, kNever };
// Which tests run again without each of their programs in turn.
enum class ControlMode { kNew, kAlways, kNever };

struct RunOptions {
  PlanOptions plans;
  DaemonOptions daemon;
  // 0: one for each CPU.
  unsigned jobs = 0;
  ControlMode control = ControlMode::kNew;
  // In a random order, with this seed; 0: take one at random.
  std::optional<uint64_t> shuffle;
  bool fail_fast = false;
  // How often a test that fails is tried again.
  unsigned retries = 0;
  // How often each test is run.
  unsigned count = 1;
  // Only tests that failed when they ran last.
  bool last_failed = false;
  // For tests that have none of their own; 0: none.
  double timeout_seconds = 0;
  bool allow_all_skipped = false;
  ColorMode color = ColorMode::kAuto;
  // "junit=FILE".
  std::vector<std::string> reports;
  // "6.1,host"; empty: the daemon's own kernel alone.
  std::string kernels;
  guest::GuestOptions guest;
  // Where the verifier's logs go; empty: nowhere.
  std::string log_directory;
  // Where tests that fail leave their artifacts; empty: nowhere.
  std::string artifacts;
};

struct MutateOptions {
  PlanOptions plans;
  DaemonOptions daemon;
  mutate::Selection selection;
  // A commit, for git, or a file with what git tells; empty: none.
  std::string since;
  std::string diff;
  // Mutants at once; 0: four for each CPU.
  unsigned jobs = 0;
  // For each test with a mutant; 0: by what it takes without.
  double timeout_seconds = 0;
  // Whether each mutant meets every test, also once one has noticed it.
  bool every_test = false;
  // In percent.
  std::optional<double> fail_under;
  // Files to read and to write; empty: none.
  std::string equivalents;
  std::string resume;
  std::string json;
  std::string html;
  // "6.1"; empty: the daemon's own kernel.
  std::string kernel;
  guest::GuestOptions guest;
};

struct HealthOptions {
  std::string target = "unix:/run/bpfrig/bpfrig.sock";
  daemon::Credentials credentials;
  double timeout_seconds = 5;
  // Until it serves, or the timeout.
  bool wait = false;
};

struct CheckOptions {
  PlanOptions plans;
  // As PrivateDaemonOptions::executable: it tells what is in objects.
  std::string executable;
};

// A command of bpfrigd's that bpfrig has too.
struct DaemonCommandOptions {
  // As PrivateDaemonOptions::executable.
  std::string executable;
  // Passed on to bpfrigd unchanged.
  std::vector<std::string> arguments;
};

}  // namespace bpfrig::client::command
