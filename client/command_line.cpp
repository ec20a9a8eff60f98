#include "client/command_line.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "client/command/exit_code.h"
#include "client/command_line_mutate.h"
#include "client/command_line_problems.h"
#include "client/command_line_shared.h"
#include "client/report/report_file.h"
#include "common/version.h"

namespace bpfrig::client {
namespace {

using command::ColorMode;
using command::ControlMode;
using command::HealthOptions;
using command::RunOptions;

// What a flag without a value has from CLI11.
constexpr const char* kNoValue = "true";

// A seed is printed, so that the same order can be had again; 0 stands for one at random.
std::string CheckSeed(const std::string& text) {
  uint64_t number = 0;
  if (text == kNoValue || (absl::SimpleAtoi(text, &number) && number > 0)) return "";
  return absl::StrCat("a seed is a number from 1, not \"", text, "\"");
}

void AddHowTheyRun(CLI::App& command, RunOptions& options, std::string& seed) {
  static const std::map<std::string, ControlMode> kControlModes = {
      {"new", ControlMode::kNew}, {"always", ControlMode::kAlways}, {"never", ControlMode::kNever}};
  command.add_option("-j", options.jobs, "Tests at once; otherwise one for each CPU")
      ->type_name("N")
      ->check(Between(1, 1024, ""))
      ->group(kHowTheyRun);
  command
      .add_option_function<std::string>(
          "--control", [&options](const std::string& word) { options.control = kControlModes.at(word); },
          "Which tests that pass are run again with each of their programs in turn doing nothing, and fail "
          "as vacuous if they still pass: new (the default; those that have changed), always or never")
      ->type_name("WHEN")
      ->check(OneOf({"new", "always", "never"}))
      ->take_last()
      ->group(kHowTheyRun);
  command.add_flag("--fail-fast", options.fail_fast, "Start no further test once one has failed")
      ->group(kHowTheyRun);
  command
      .add_flag("--last-failed", options.last_failed,
                "Only tests that failed when they ran last; all, if none did")
      ->group(kWhichTests);
  command
      .add_option("--retries", options.retries,
                  "Try a test that fails so many times again; one that passes then is shown as flaky")
      ->type_name("N")
      ->check(Between(0, 100, ""))
      ->group(kHowTheyRun);
  command.add_option("--count", options.count, "Run each test so many times")
      ->type_name("N")
      ->check(Between(1, 10'000, ""))
      ->group(kHowTheyRun);
  command
      .add_flag("--shuffle", seed,
                "Run the tests in a random order; prints the seed, which --shuffle=SEED takes")
      ->check(CheckSeed)
      ->group(kHowTheyRun);
  command
      .add_option("--timeout", options.timeout_seconds,
                  "How long a test may take that has no `timeout:` of its own")
      ->type_name("SECONDS")
      ->check(Between(0.1, 86'400, "of seconds "))
      ->group(kHowTheyRun);
  command
      .add_flag("--allow-all-skipped", options.allow_all_skipped,
                "End with 0, and not with 4, if every test was skipped")
      ->group(kHowTheyRun);
}

void AddRun(CLI::App& app, CommandLine& line, std::string& seed) {
  static const std::map<std::string, ColorMode> kColorModes = {
      {"auto", ColorMode::kAuto}, {"always", ColorMode::kAlways}, {"never", ColorMode::kNever}};
  CLI::App& command = *app.add_subcommand("run", "Run plans");
  RunOptions& options = line.run;
  AddPlanOptions(command, options.plans);
  AddHowTheyRun(command, options, seed);
  command.add_flag("--list", line.list, "Print the tests and run none")->group(kWhichTests);
  command
      .add_option(
          "--report", options.reports,
          "Also write a report: html, junit, tap or json (docs/reports.md); may be given several times")
      ->type_name("FORMAT=FILE")
      ->allow_extra_args(false)
      ->check([](const std::string& text) {
        return std::string(report::ParseReportFile(text).status().message());
      })
      ->group(kWhatIsShown);
  command
      .add_option_function<std::string>(
          "--color", [&options](const std::string& word) { options.color = kColorModes.at(word); },
          "auto (the default: on a terminal, if NO_COLOR is not set), always or never")
      ->type_name("WHEN")
      ->check(OneOf({"auto", "always", "never"}))
      ->take_last()
      ->group(kWhatIsShown);
  command
      .add_option("--log-dir", options.log_directory,
                  "Write the verifier's whole log of each load to a file there")
      ->type_name("DIR")
      ->group(kWhatIsShown);
  command
      .add_option("--artifacts", options.artifacts,
                  "Keep there, for each test that fails, verifier's logs, maps before and after, events and "
                  "the bytes of all connections (docs/running.md)")
      ->type_name("DIR")
      ->group(kWhatIsShown);
  command
      .add_option(
          "--kernel", options.kernels,
          "Run on these kernels, each in a guest under QEMU: versions (6.1), suites of Debian (trixie), "
          "files, and host for this one; `bpfrig kernels fetch` gets them")
      ->type_name("KERNEL,...")
      ->group(kKernels);
  AddGuestOptions(command, options.guest);
  AddDaemonOptions(command, options.daemon);
}

void AddHealth(CLI::App& app, HealthOptions& options) {
  CLI::App& command =
      *app.add_subcommand("health", "Print whether a daemon serves; exit status 0, or 3 if not");
  AddTarget(command, options.target, "The daemon")->capture_default_str();
  AddCredentials(command, options.credentials);
  command.add_option("--timeout", options.timeout_seconds, "How long to wait for an answer")
      ->type_name("SECONDS")
      ->check(Between(0.1, 3600, "of seconds "))
      ->capture_default_str();
  command.add_flag("--wait", options.wait,
                   "Wait this long for a daemon that serves, also for one that is not there yet");
}

void AddCheck(CLI::App& app, command::CheckOptions& options) {
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
                      command::DaemonCommandOptions& options) {
  CLI::App& command = *app.add_subcommand(name, description);
  AddDaemon(command, options.executable,
            "The daemon's executable, before any other option; otherwise bpfrigd next to bpfrig, or in PATH");
  command.prefix_command();
}

void AddDaemonCommands(CLI::App& app, CommandLine& line) {
  AddDaemonCommand(app, "doctor",
                   "Say what a daemon would be missing here, and how to grant it; takes the options of "
                   "`bpfrigd --help`; exit status 1 if something is missing",
                   line.doctor);
  AddDaemonCommand(app, "describe",
                   "OBJECT: say what is in an object, and what a plan that loads it has to say; --json for "
                   "programs; needs no privileges",
                   line.describe);
}

void AddKernels(CLI::App& app, std::string& kernels) {
  CLI::App& command = *app.add_subcommand("kernels", "The kernels that plans can be run on in guests");
  command.require_subcommand(1);
  command.add_subcommand("list", "Print those that were fetched, with their package's version and suites");
  for (const auto& [verb, description] :
       {std::pair("fetch", "Get kernels from Debian's packages, through apt, into the cache"),
        std::pair("remove", "Remove kernels from the cache")}) {
    command.add_subcommand(verb, description)
        ->add_option("kernels", kernels, "Versions (6.1) and suites of Debian (trixie)")
        ->required()
        ->type_name("KERNEL,...");
  }
}

// CLI11 prints a description as it is.
std::string Wrapped(const std::string& text) {
  constexpr size_t kColumns = 70;
  std::string wrapped;
  size_t column = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (column > 0 && column + 1 + word.size() > kColumns) {
      wrapped += '\n';
      column = 0;
    }
    absl::StrAppend(&wrapped, column > 0 ? " " : "", word);
    column += word.size() + (column > 0 ? 1 : 0);
  }
  return wrapped;
}

void WrapDescriptions(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    for (CLI::Option* option : command->get_options())
      option->description(Wrapped(option->get_description()));
  }
}

}  // namespace

std::variant<CommandLine, int> ParseCommandLine(int argc, char** argv) {
  CommandLine line;
  CLI::App app("Runs test plans for BPF programs on sockets and cgroups.", "bpfrig");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("bpfrig ") + common::VersionAndRevision());
  std::string seed;
  AddRun(app, line, seed);
  AddMutate(app, line.mutate);
  AddCheck(app, line.check);
  AddDaemonOptions(*app.add_subcommand("info", "Print what the daemon and its kernel can do"), line.info);
  AddHealth(app, line.health);
  AddDaemonCommands(app, line);
  AddKernels(app, line.kernels);
  app.add_subcommand("schema", "Print the JSON schema of plans, for editors (docs/reference.md)");
  WrapDescriptions(app);
  if (const std::string problem = UnknownCommand(app, argc, argv); !problem.empty()) return Refuse(problem);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    return Refuse(UnknownArgument(app));
  } catch (const CLI::ArgumentMismatch& error) {
    return Refuse(WrongCount(app, error));
  } catch (const CLI::RequiredError& error) {
    return Refuse(absl::StrCat(error.what(), "; `bpfrig ", argv[1], " --help` says more"));
  } catch (const CLI::ParseError& error) {
    // --help and --version come as errors, too.
    return error.get_exit_code() == 0 ? app.exit(error) : Refuse(error.what());
  }
  const CLI::App& chosen = *app.get_subcommands().front();
  line.command = chosen.get_name();
  uint64_t number = 0;
  if (absl::SimpleAtoi(seed, &number) || seed == kNoValue) line.run.shuffle = number;
  if (line.command == "doctor") line.doctor.arguments = chosen.remaining();
  if (line.command == "describe") line.describe.arguments = chosen.remaining();
  if (line.command == "kernels") line.kernels_command = chosen.get_subcommands().front()->get_name();
  if (const std::string problem = WithoutEffect(chosen); !problem.empty()) return Refuse(problem);
  return line;
}

}  // namespace bpfrig::client
