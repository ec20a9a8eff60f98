// The options of the commands, as main parses them.
#pragma once

#include <string>
#include <vector>

#include "client/daemon/credentials.h"
#include "client/daemon/private_daemon.h"
#include "client/guest/guest_runs.h"

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
  // Tests with this in their "plan / name"; empty: all.
  std::string test_filter;
};

struct RunOptions {
  PlanOptions plans;
  DaemonOptions daemon;
  // 0: one for each CPU.
  unsigned jobs = 0;
  bool control = false;
  // "junit=FILE".
  std::vector<std::string> reports;
  // "6.1,host"; empty: the daemon's own kernel alone.
  std::string kernels;
  guest::GuestOptions guest;
  // Where the verifier's logs go; empty: nowhere.
  std::string log_directory;
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
