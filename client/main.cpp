// bpfrig: reads the command line and calls the command.
#include <CLI/CLI.hpp>
#include <string>

#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/command/options.h"

namespace {

using bpfrig::client::command::DaemonOptions;
using bpfrig::client::command::PlanOptions;
using bpfrig::client::command::RunOptions;

void AddPlanOptions(CLI::App& command, PlanOptions& options) {
  command.add_option("plans", options.plans, "Plans, or directories of them (*.yaml, at any depth)")
      ->required()
      ->type_name("PLAN|DIR");
  command.add_option("-I", options.object_path, "Where to look for objects, after the plan's own directory")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command.add_option("--test", options.test_filter, "Only tests with this in `plan / name`")
      ->type_name("TEXT");
}

void AddDaemonOptions(CLI::App& command, DaemonOptions& options) {
  command
      .add_option("--target", options.target,
                  "A daemon that runs already; without it, a private one is started")
      ->type_name("unix:PATH|HOST:PORT")
      ->envname("BPFRIG_TARGET");
  command.add_option("--tls-ca", options.credentials.tls_ca, "For TLS: who signs the daemon's certificate")
      ->type_name("FILE");
  command
      .add_option("--tls-certificate", options.credentials.tls_certificate, "For TLS: our own certificate")
      ->type_name("FILE");
  command.add_option("--tls-key", options.credentials.tls_key, "For TLS: our own key")->type_name("FILE");
  command.add_option("--token-file", options.credentials.token_file, "Holds a bearer token for the daemon")
      ->type_name("FILE");
  command
      .add_option("--daemon", options.private_daemon.executable,
                  "The private daemon's executable; otherwise bpfrigd beside bpfrig, or in PATH")
      ->type_name("FILE")
      ->envname("BPFRIG_DAEMON");
  command.add_flag("--no-perfmon", options.private_daemon.no_perfmon,
                   "The private daemon's sandboxes go without CAP_PERFMON");
  command.add_flag("-v,--verbose", options.private_daemon.verbose, "The private daemon's log goes to stderr");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs test plans for BPF programs on sockets and cgroups.", "bpfrig");
  app.require_subcommand(1);
  app.set_version_flag("--version", "bpfrig " BPFRIG_VERSION);

  RunOptions run;
  bool list = false;
  CLI::App* run_command = app.add_subcommand("run", "Run plans");
  AddPlanOptions(*run_command, run.plans);
  AddDaemonOptions(*run_command, run.daemon);
  run_command->add_option("-j", run.jobs, "Tests at once; otherwise one for each CPU")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  run_command->add_flag("--control", run.control,
                        "Run each test that passes again with its programs loaded but not attached; one that "
                        "still passes fails as vacuous");
  run_command->add_flag("--list", list, "Print the tests and run none");

  PlanOptions check;
  CLI::App* check_command = app.add_subcommand("check", "Find mistakes in plans; needs no daemon");
  AddPlanOptions(*check_command, check);

  DaemonOptions info;
  CLI::App* info_command = app.add_subcommand("info", "Print what the daemon and its kernel can do");
  AddDaemonOptions(*info_command, info);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? bpfrig::client::command::kAllPassed : bpfrig::client::command::kUsageError;
  }
  if (check_command->parsed()) return bpfrig::client::command::CheckPlans(check);
  if (info_command->parsed()) return bpfrig::client::command::PrintInfo(info);
  if (list) return bpfrig::client::command::ListTests(run.plans);
  return bpfrig::client::command::RunPlans(run);
}
