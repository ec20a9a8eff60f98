// bpfrig: reads the command line and calls the command.
#include <grpc/support/log.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/command/commands.h"
#include "client/command/environment.h"
#include "client/command/exit_code.h"
#include "client/command/options.h"
#include "client/report/report_file.h"
#include "common/version.h"

namespace {

namespace command = bpfrig::client::command;
namespace report = bpfrig::client::report;
using bpfrig::client::daemon::Credentials;
using command::CheckOptions;
using command::DaemonCommandOptions;
using command::DaemonOptions;
using command::HealthOptions;
using command::PlanOptions;
using command::RunOptions;

void AddPlanOptions(CLI::App& command, PlanOptions& options) {
  command
      .add_option("plans", options.plans, "Plans, or directories of them (*.yaml and *.yml, at any depth)")
      ->required()
      ->type_name("PLAN|DIR");
  command
      .add_option("-I", options.object_path,
                  "Where to look for objects, after the plan's own directory; then come those of "
                  "BPFRIG_OBJECT_PATH=DIR:DIR...")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command.add_option("--test", options.test_filter, "Only tests with this in their `plan / name`")
      ->type_name("TEXT");
}

CLI::Option* AddTarget(CLI::App& command, std::string& target, const char* description) {
  return command.add_option("--target", target, description)
      ->type_name("unix:PATH|HOST:PORT")
      ->envname("BPFRIG_TARGET")
      // A script's variable may be unset: that is not a reason to start a daemon.
      ->check([](const std::string& text) { return text.empty() ? "it is empty" : ""; });
}

void AddCredentials(CLI::App& command, Credentials& credentials) {
  command.add_option("--tls-ca", credentials.tls_ca, "For TLS: the CA that signs the daemon's certificate")
      ->type_name("FILE")
      ->envname("BPFRIG_TLS_CA");
  command.add_option("--tls-certificate", credentials.tls_certificate, "For TLS: our own certificate")
      ->type_name("FILE")
      ->envname("BPFRIG_TLS_CERTIFICATE");
  command.add_option("--tls-key", credentials.tls_key, "For TLS: our own key")
      ->type_name("FILE")
      ->envname("BPFRIG_TLS_KEY");
  command
      .add_option("--tls-server-name", credentials.tls_server_name,
                  "For TLS: a name in the daemon's certificate, if the target's host is not in it")
      ->type_name("NAME")
      ->envname("BPFRIG_TLS_SERVER_NAME");
  command
      .add_option("--token-file", credentials.token_file,
                  "Holds a bearer token for the daemon; BPFRIG_TOKEN may be the token itself")
      ->type_name("FILE")
      ->envname("BPFRIG_TOKEN_FILE");
  command
      .add_flag("--unencrypted-on-private-network", credentials.unencrypted_on_private_network,
                "Send the token to another machine without TLS: everybody on the way can read it")
      ->envname("BPFRIG_UNENCRYPTED_ON_PRIVATE_NETWORK");
}

void AddDaemon(CLI::App& command, std::string& executable, const char* description) {
  command.add_option("--daemon", executable, description)->type_name("FILE")->envname("BPFRIG_DAEMON");
}

void AddDaemonOptions(CLI::App& command, DaemonOptions& options) {
  AddTarget(command, options.target, "A daemon that runs already; without it, a private one is started");
  AddCredentials(command, options.credentials);
  AddDaemon(command, options.private_daemon.executable,
            "The private daemon's executable; otherwise bpfrigd next to bpfrig, or in PATH");
  command.add_flag("--no-perfmon", options.private_daemon.no_perfmon,
                   "The private daemon's sandboxes go without CAP_PERFMON");
  command
      .add_option("--allow-load", options.private_daemon.allow_load,
                  "Let the private daemon's sandboxes load what could reach past them, such as "
                  "kfunc:bpf_task_from_pid")
      ->type_name("KIND:NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_flag("-v,--verbose", options.private_daemon.verbose, "The private daemon's log goes to stderr");
}

// The options of all commands; only one command's are used.
struct Options {
  RunOptions run;
  bool list = false;
  CheckOptions check;
  DaemonOptions info;
  HealthOptions health;
  DaemonCommandOptions doctor;
  DaemonCommandOptions describe;
  std::string kernels;
};

void AddKernelOptions(CLI::App& command, RunOptions& options) {
  command
      .add_option(
          "--kernel", options.kernels,
          "Run on these kernels, each in a guest under QEMU: versions (6.1), suites of Debian (trixie), "
          "files, and host for this one; `bpfrig kernels fetch` gets them")
      ->type_name("KERNEL,...");
  command.add_option("--kernel-append", options.guest.append, "Added to the guests' kernel command lines")
      ->type_name("TEXT");
  command.add_option("--kernel-memory", options.guest.memory_mib, "Memory of each guest")
      ->type_name("MIB")
      ->check(CLI::Range(256, 1048576))
      ->capture_default_str();
  command.add_option("--kernel-cpus", options.guest.cpus, "Processors of each guest")
      ->type_name("N")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      .add_option_function<unsigned>(
          "--kernel-timeout",
          [&options](unsigned seconds) { options.guest.timeout = std::chrono::seconds(seconds); },
          "How long each guest may take (default 900)")
      ->type_name("SECONDS")
      ->check(CLI::Range(10, 86400));
}

void AddKernels(CLI::App& app, Options& options) {
  CLI::App& command = *app.add_subcommand("kernels", "The kernels that plans can be run on in guests");
  command.require_subcommand(1);
  command.add_subcommand("list", "Print those that were fetched, with their package's version and suites");
  for (const auto& [verb, description] :
       {std::pair("fetch", "Get kernels from Debian's packages, through apt, into the cache"),
        std::pair("remove", "Remove kernels from the cache")}) {
    command.add_subcommand(verb, description)
        ->add_option("kernels", options.kernels, "Versions (6.1) and suites of Debian (trixie)")
        ->required()
        ->type_name("KERNEL,...");
  }
}

void AddRun(CLI::App& app, Options& options) {
  CLI::App& command = *app.add_subcommand("run", "Run plans");
  AddPlanOptions(command, options.run.plans);
  AddDaemonOptions(command, options.run.daemon);
  command.add_option("-j", options.run.jobs, "Tests at once; otherwise one for each CPU")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  command.add_flag("--control", options.run.control,
                   "Run each test that passes again with its programs loaded but not attached; one that "
                   "still passes fails as vacuous");
  command
      .add_option("--report", options.run.reports,
                  "Also write a report: junit, tap or json (docs/reports.md); may be given several times")
      ->type_name("FORMAT=FILE")
      ->allow_extra_args(false)
      ->check([](const std::string& text) {
        return std::string(report::ParseReportFile(text).status().message());
      });
  command
      .add_option("--log-dir", options.run.log_directory,
                  "Write the verifier's whole log of each load to a file there")
      ->type_name("DIR");
  AddKernelOptions(command, options.run);
  command.add_flag("--list", options.list, "Print the tests and run none");
}

void AddHealth(CLI::App& app, HealthOptions& options) {
  CLI::App& command =
      *app.add_subcommand("health", "Print whether a daemon serves; exit status 0, or 3 if not");
  AddTarget(command, options.target, "The daemon")->capture_default_str();
  AddCredentials(command, options.credentials);
  command.add_option("--timeout", options.timeout_seconds, "How long to wait for an answer")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command.add_flag("--wait", options.wait,
                   "Wait this long for a daemon that serves, also for one that is not there yet");
}

void AddCheck(CLI::App& app, CheckOptions& options) {
  CLI::App& command = *app.add_subcommand(
      "check", "Find mistakes in plans, and in what they say of their objects; no daemon runs");
  AddPlanOptions(command, options.plans);
  AddDaemon(
      command, options.executable,
      "The daemon's executable, which tells what is in objects; otherwise bpfrigd next to bpfrig, or in "
      "PATH");
}

// A command that bpfrigd has, too: it reads its options itself, and complains of wrong ones.
void AddDaemonCommand(CLI::App& app, const char* name, const char* description,
                      DaemonCommandOptions& options) {
  CLI::App& command = *app.add_subcommand(name, description);
  AddDaemon(command, options.executable,
            "The daemon's executable, before any other option; otherwise bpfrigd next to bpfrig, or in PATH");
  command.prefix_command();
}

void AddCommands(CLI::App& app, Options& options) {
  AddRun(app, options);
  AddCheck(app, options.check);
  AddDaemonOptions(*app.add_subcommand("info", "Print what the daemon and its kernel can do"), options.info);
  AddHealth(app, options.health);
  AddDaemonCommand(app, "doctor",
                   "Say what a daemon would be missing here, and how to grant it; takes the options of "
                   "`bpfrigd --help`; exit status 1 if something is missing",
                   options.doctor);
  AddDaemonCommand(app, "describe",
                   "OBJECT: say what is in an object, and what a plan that loads it has to say; --json for "
                   "programs; needs no privileges",
                   options.describe);
  AddKernels(app, options);
}

// What the environment has besides options.
void TakeEnvironment(Options& options) {
  const std::optional<std::string> token = command::TakeTokenFromEnvironment();
  for (Credentials* credentials :
       {&options.run.daemon.credentials, &options.info.credentials, &options.health.credentials}) {
    credentials->token = token;
  }
  const std::vector<std::string> path = command::ObjectPathFromEnvironment();
  for (PlanOptions* plans : {&options.run.plans, &options.check.plans}) {
    plans->object_path.insert(plans->object_path.end(), path.begin(), path.end());
  }
}

// Errors come back from the calls; gRPC's log of them is for people who look into gRPC.
void QuietGrpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

int ExecuteKernels(const CLI::App& kernels, const Options& options) {
  if (kernels.got_subcommand("fetch")) return command::FetchKernels(options.kernels);
  if (kernels.got_subcommand("remove")) return command::RemoveKernels(options.kernels);
  return command::ListKernels();
}

// `arguments` are those after the program's name.
int Execute(const CLI::App& app, Options& options, const std::vector<std::string>& arguments) {
  if (app.got_subcommand("check")) return command::CheckPlans(options.check);
  if (app.got_subcommand("info")) return command::PrintInfo(options.info);
  if (app.got_subcommand("health")) return command::PrintHealth(options.health);
  if (app.got_subcommand("doctor")) {
    options.doctor.arguments = app.get_subcommand("doctor")->remaining();
    return command::RunDoctor(options.doctor);
  }
  if (app.got_subcommand("describe")) {
    options.describe.arguments = app.get_subcommand("describe")->remaining();
    return command::DescribeObject(options.describe);
  }
  if (app.got_subcommand("kernels")) return ExecuteKernels(*app.get_subcommand("kernels"), options);
  if (options.list) return command::ListTests(options.run.plans);
  return options.run.kernels.empty() ? command::RunPlans(options.run)
                                     : command::RunOnKernels(options.run, arguments);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs test plans for BPF programs on sockets and cgroups.", "bpfrig");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("bpfrig ") + bpfrig::common::VersionAndRevision());
  Options options;
  AddCommands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? command::kAllPassed : command::kUsageError;
  }
  TakeEnvironment(options);
  QuietGrpc();
  return Execute(app, options, std::vector<std::string>(argv + 1, argv + argc));
}
