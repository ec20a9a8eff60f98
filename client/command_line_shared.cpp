#include "client/command_line_shared.h"

#include <chrono>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/command/test_expression.h"

namespace bpfrig::client {
namespace {

using command::DaemonOptions;
using command::PlanOptions;
using daemon::Credentials;

// NAME=VALUE.
std::string CheckVariable(const std::string& text) {
  const size_t equals = text.find('=');
  return equals == std::string::npos || equals == 0
             ? absl::StrCat("NAME=VALUE was expected, not \"", text, "\"")
             : "";
}

void AddSelection(CLI::App& command, PlanOptions& options) {
  command
      .add_option("-k", options.expression,
                  "Only tests for which this holds: words with `and`, `or`, "
                  "`not` and parentheses; a word holds if it is in `plan / test`, or is a tag")
      ->type_name("EXPRESSION")
      ->check([](const std::string& text) {
        return std::string(command::TestExpression::Parse(text).status().message());
      })
      ->group(kWhichTests);
  command.add_option("--test", options.test_filter, "Only tests with this in their `plan / test`")
      ->type_name("TEXT")
      ->group(kWhichTests);
  command.add_option("--tag", options.tags, "Only tests with this tag; with several, with any of them")
      ->type_name("TAG")
      ->allow_extra_args(false)
      ->group(kWhichTests);
}

}  // namespace

std::function<std::string(const std::string&)> Between(double least, double most, const char* unit) {
  return [=](const std::string& text) -> std::string {
    double number = 0;
    if (absl::SimpleAtod(text, &number) && number >= least && number <= most) return "";
    return absl::StrCat("a number ", unit, "from ", least, " to ", most, " was expected, not ", text);
  };
}

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
  command
      .add_option_function<std::vector<std::string>>(
          "--var",
          [&options](const std::vector<std::string>& given) {
            for (const std::string& text : given) {
              const size_t equals = text.find('=');
              options.variables.command_line[text.substr(0, equals)] = text.substr(equals + 1);
            }
          },
          "The value of a variable of the plans' `vars:`; BPFRIG_VAR_NAME does the same")
      ->type_name("NAME=VALUE")
      ->check(CheckVariable)
      ->allow_extra_args(false);
  AddSelection(command, options);
}

CLI::Option* AddTarget(CLI::App& command, std::string& target, const char* description) {
  return command.add_option("--target", target, description)
      ->type_name("unix:PATH|HOST:PORT")
      ->envname("BPFRIG_TARGET")
      // A script's variable may be unset: that is not a reason to start a daemon.
      ->check([](const std::string& text) { return text.empty() ? "it is empty" : ""; })
      ->group(kDaemon);
}

void AddCredentials(CLI::App& command, Credentials& credentials) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* environment,
                       const char* description) {
    command.add_option(name, value, description)->type_name(type)->envname(environment)->group(kDaemon);
  };
  add("--tls-ca", credentials.tls_ca, "FILE", "BPFRIG_TLS_CA",
      "For TLS: the CA that signs the daemon's certificate");
  add("--tls-certificate", credentials.tls_certificate, "FILE", "BPFRIG_TLS_CERTIFICATE",
      "For TLS: our own certificate");
  add("--tls-key", credentials.tls_key, "FILE", "BPFRIG_TLS_KEY", "For TLS: our own key");
  add("--tls-server-name", credentials.tls_server_name, "NAME", "BPFRIG_TLS_SERVER_NAME",
      "For TLS: a name in the daemon's certificate, if the target's host is not in it");
  add("--token-file", credentials.token_file, "FILE", "BPFRIG_TOKEN_FILE",
      "Holds a bearer token for the daemon; BPFRIG_TOKEN may be the token itself");
  command
      .add_flag("--unencrypted-on-private-network", credentials.unencrypted_on_private_network,
                "Send the token to another machine without TLS: everybody on the way can read it")
      ->envname("BPFRIG_UNENCRYPTED_ON_PRIVATE_NETWORK")
      ->group(kDaemon);
}

void AddDaemon(CLI::App& command, std::string& executable, const char* description) {
  command.add_option("--daemon", executable, description)
      ->type_name("FILE")
      ->envname("BPFRIG_DAEMON")
      ->group(kDaemon);
}

void AddGuestOptions(CLI::App& command, guest::GuestOptions& options) {
  command.add_option("--kernel-append", options.append, "Added to the guests' kernel command lines")
      ->type_name("TEXT")
      ->group(kKernels);
  command.add_option("--kernel-memory", options.memory_mib, "Memory of each guest")
      ->type_name("MIB")
      ->check(Between(256, 1'048'576, ""))
      ->capture_default_str()
      ->group(kKernels);
  command.add_option("--kernel-cpus", options.cpus, "Processors of each guest")
      ->type_name("N")
      ->check(Between(1, 64, ""))
      ->capture_default_str()
      ->group(kKernels);
  command
      .add_option_function<unsigned>(
          "--kernel-timeout",
          [&options](unsigned seconds) { options.timeout = std::chrono::seconds(seconds); },
          "How long each guest may take (default 900)")
      ->type_name("SECONDS")
      ->check(Between(10, 86'400, "of seconds "))
      ->group(kKernels);
}

void AddDaemonOptions(CLI::App& command, DaemonOptions& options) {
  AddTarget(command, options.target, "A daemon that runs already; without it, a private one is started");
  AddCredentials(command, options.credentials);
  AddDaemon(command, options.private_daemon.executable,
            "The private daemon's executable; otherwise bpfrigd next to bpfrig, or in PATH");
  command
      .add_flag("--no-perfmon", options.private_daemon.no_perfmon,
                "The private daemon's sandboxes go without CAP_PERFMON")
      ->group(kDaemon);
  command
      .add_option("--allow-load", options.private_daemon.allow_load,
                  "Let the private daemon's sandboxes load what could reach past them, such as "
                  "kfunc:bpf_task_from_pid")
      ->type_name("KIND:NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(kDaemon);
  command.add_flag("-v,--verbose", options.private_daemon.verbose, "The private daemon's log goes to stderr")
      ->group(kDaemon);
}

}  // namespace bpfrig::client
