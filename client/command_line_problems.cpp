#include "client/command_line_problems.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/command/exit_code.h"
#include "common/near_names.h"
#include "common/unknown_option.h"

namespace bpfrig::client {
namespace {

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// "--test", "-j".
std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(absl::StrCat("--", name));
    for (const std::string& name : option->get_snames()) names.push_back(absl::StrCat("-", name));
  }
  return names;
}

// The command that the command line names, and of `kernels fetch` that of `kernels`.
const CLI::App& Chosen(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : Chosen(*chosen.front());
}

// "bpfrig kernels fetch".
std::string ProgramName(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : absl::StrCat(ProgramName(*parent), " ", command.get_name());
}

// Whether the command line itself has the option, and not only its variable.
bool IsGiven(const CLI::App& command, const char* name) {
  const CLI::Option* option = command.get_option_no_throw(name);
  if (option == nullptr || option->count() == 0) return false;
  const char* from_environment =
      option->get_envname().empty() ? nullptr : std::getenv(option->get_envname().c_str());
  return from_environment == nullptr || option->results() != std::vector<std::string>{from_environment};
}

// The first of these that is given; empty if none is.
std::string FirstGiven(const CLI::App& command, const std::vector<const char*>& names) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const char* name) { return IsGiven(command, name); });
  return found == names.end() ? "" : *found;
}

}  // namespace

std::function<std::string(const std::string&)> OneOf(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return "";
    return absl::StrCat("one of ", absl::StrJoin(words, ", "), " was expected, not \"", text, "\"",
                        common::DidYouMean(text, words));
  };
}

std::string UnknownCommand(const CLI::App& app, int argc, char** argv) {
  const std::vector<std::string> names = CommandNames(app);
  const std::string commands = absl::StrCat("the commands are ", absl::StrJoin(names, ", "));
  if (argc < 2) return absl::StrCat("a command is missing; ", commands);
  const absl::string_view word = argv[1];
  if (word.empty() || word[0] == '-') return "";
  if (std::find(names.begin(), names.end(), word) == names.end()) {
    return absl::StrCat("there is no command \"", word, "\"", common::DidYouMean(word, names), "; ",
                        commands);
  }
  const CLI::App& command = *app.get_subcommand(std::string(word));
  return CommandNames(command).empty() ? "" : UnknownCommand(command, argc - 1, argv + 1);
}

std::string UnknownArgument(const CLI::App& app) {
  const CLI::App& command = Chosen(app);
  const std::vector<std::string> arguments = command.remaining();
  for (const std::string& argument : arguments) {
    if (absl::StartsWith(argument, "-")) {
      return common::UnknownOption(argument, OptionNames(command), ProgramName(command));
    }
  }
  return absl::StrCat(ProgramName(command), " has no use for ", absl::StrJoin(arguments, " "), "; `",
                      ProgramName(command), " --help` says what it takes");
}

std::string WrongCount(const CLI::App& app, const CLI::ArgumentMismatch& error) {
  // CLI11 names the option in the message alone.
  const std::string what = error.what();
  const CLI::Option* option = Chosen(app).get_option_no_throw(what.substr(0, what.find(':')));
  if (option == nullptr || option->get_items_expected_max() > 1) return what;
  return common::NotOneValue(option->get_name(), option->count(), option->get_type_name());
}

std::string WithoutEffect(const CLI::App& command) {
  const CLI::Option* target = command.get_option_no_throw("--target");
  const std::string of_private =
      FirstGiven(command, {"--no-perfmon", "--allow-load", "--daemon", "--verbose"});
  if (target != nullptr && target->count() > 0 && !of_private.empty()) {
    return absl::StrCat(of_private, " is for a private daemon, and ",
                        IsGiven(command, "--target") ? "--target" : "BPFRIG_TARGET",
                        " names one that runs already; leave one of them out");
  }
  const std::string of_another =
      FirstGiven(command, {"--tls-ca", "--tls-certificate", "--tls-key", "--tls-server-name", "--token-file",
                           "--unencrypted-on-private-network"});
  if (target != nullptr && target->count() == 0 && target->get_default_str().empty() && !of_another.empty()) {
    return absl::StrCat(of_another, " is for a daemon that runs already, and no --target names one");
  }
  const std::string of_guests =
      FirstGiven(command, {"--kernel-append", "--kernel-memory", "--kernel-cpus", "--kernel-timeout"});
  if (!of_guests.empty() && !IsGiven(command, "--kernel")) {
    return absl::StrCat(of_guests, " is for guests, and no --kernel names one");
  }
  const std::string of_a_run =
      FirstGiven(command, {"--report", "--control", "--retries", "--count", "--shuffle", "--fail-fast", "-j",
                           "--timeout", "--color", "--allow-all-skipped", "--log-dir", "--artifacts",
                           "--kernel", "--last-failed"});
  if (IsGiven(command, "--list") && !of_a_run.empty()) {
    return absl::StrCat(of_a_run, " is for tests that run, and --list runs none; leave one of them out");
  }
  return "";
}

int Refuse(const std::string& problem) {
  std::cerr << "bpfrig: " << problem << "\n";
  return command::kUsageError;
}

}  // namespace bpfrig::client
