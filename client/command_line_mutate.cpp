#include "client/command_line_mutate.h"

#include <string>
#include <vector>

#include "client/command_line_shared.h"
#include "client/mutate/selection.h"

namespace bpfrig::client {
namespace {

using command::MutateOptions;

constexpr const char* kWhichMutants = "Which mutants";

void AddWhichMutants(CLI::App& command, MutateOptions& options) {
  command
      .add_option("--program", options.selection.programs,
                  "Only of this program, as `program` or `object/program`; may be given several times")
      ->type_name("PROGRAM")
      ->allow_extra_args(false)
      ->group(kWhichMutants);
  command
      .add_option_function<std::vector<std::string>>(
          "--lines",
          [&options](const std::vector<std::string>& given) {
            for (const std::string& text : given) {
              const auto range = mutate::ParseLines(text);
              if (range.ok()) options.selection.lines.push_back(*range);
            }
          },
          "Only of these source lines; may be given several times")
      ->type_name("FILE:FIRST-LAST")
      ->allow_extra_args(false)
      ->check(
          [](const std::string& text) { return std::string(mutate::ParseLines(text).status().message()); })
      ->group(kWhichMutants);
  CLI::Option* since =
      command
          .add_option(
              "--since", options.since,
              "Only of source lines that changed since this commit, as git in the current directory tells")
          ->type_name("REV")
          ->group(kWhichMutants);
  command
      .add_option(
          "--diff", options.diff,
          "Only of source lines that are new in this diff, which is as `git diff --no-prefix` writes it")
      ->type_name("FILE")
      ->excludes(since)
      ->group(kWhichMutants);
  CLI::Option* sample =
      command.add_option("--sample", options.selection.sample, "Only so many of them, chosen at random")
          ->type_name("N")
          ->check(Between(1, 1'000'000, ""))
          ->group(kWhichMutants);
  command.add_option("--seed", options.selection.seed, "Of --sample: the same seed chooses the same ones")
      ->type_name("SEED")
      ->check(Between(1, 1e15, ""))
      ->needs(sample)
      ->capture_default_str()
      ->group(kWhichMutants);
  command
      .add_option("--equivalents", options.equivalents,
                  "A file that says of survivors why they are the same program in effect (docs/mutation.md)")
      ->type_name("FILE")
      ->group(kWhichMutants);
}

void AddHowMutantsRun(CLI::App& command, MutateOptions& options) {
  command.add_option("-j", options.jobs, "Mutants at once; otherwise four for each CPU")
      ->type_name("N")
      ->check(Between(1, 1024, ""))
      ->group(kHowTheyRun);
  command
      .add_option("--timeout", options.timeout_seconds,
                  "How long a test may take with a mutant; otherwise ten times as long as without, and a "
                  "second at least")
      ->type_name("SECONDS")
      ->check(Between(0.1, 86'400, "of seconds "))
      ->group(kHowTheyRun);
  command
      .add_option("--resume", options.resume,
                  "Go on with an interrupted run, from what it wrote with --json; what has changed since is "
                  "run again")
      ->type_name("FILE")
      ->group(kHowTheyRun);
  command
      .add_flag("--every-test", options.every_test,
                "Let a mutant that was noticed meet all other tests too, and say which tests notice nothing "
                "that others do not")
      ->group(kHowTheyRun);
  command
      .add_option("--fail-under", options.fail_under,
                  "End with 1 if fewer than this many of a hundred mutants are noticed")
      ->type_name("PERCENT")
      ->check(Between(0, 100, ""))
      ->group(kHowTheyRun);
}

}  // namespace

void AddMutate(CLI::App& app, MutateOptions& options) {
  CLI::App& command = *app.add_subcommand(
      "mutate", "Change programs, one instruction at a time, and print the changes that no test notices");
  AddPlanOptions(command, options.plans);
  AddWhichMutants(command, options);
  AddHowMutantsRun(command, options);
  command.add_option("--json", options.json, "Also write all of it as JSON (docs/mutation.md)")
      ->type_name("FILE")
      ->group(kWhatIsShown);
  command
      .add_option("--html", options.html,
                  "Also write it as a page of HTML, with each line of the programs that was changed")
      ->type_name("FILE")
      ->group(kWhatIsShown);
  command
      .add_option(
          "--kernel", options.kernel,
          "Run on this kernel, in a guest under QEMU: a version (6.1), a suite of Debian (trixie) or a "
          "file; `bpfrig kernels fetch` gets it")
      ->type_name("KERNEL")
      ->group(kKernels);
  AddGuestOptions(command, options.guest);
  AddDaemonOptions(command, options.daemon);
}

}  // namespace bpfrig::client
