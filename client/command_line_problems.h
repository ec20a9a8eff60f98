// What is wrong with a command line, in words that help: what a misspelt command or option may have meant,
// options given twice, and options that have no effect together. command_line.cpp asks.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace bpfrig::client {

// A check of an option's word.
[[nodiscard]] std::function<std::string(const std::string&)> OneOf(std::vector<std::string> words);

// Each is a sentence, or empty if nothing is wrong. Before parsing:
[[nodiscard]] std::string UnknownCommand(const CLI::App& app, int argc, char** argv);
// Of arguments that nobody took:
[[nodiscard]] std::string UnknownArgument(const CLI::App& app);
// Of an option without a value, or with several:
[[nodiscard]] std::string WrongCount(const CLI::App& app, const CLI::ArgumentMismatch& error);
// After parsing, of the command that was chosen:
[[nodiscard]] std::string WithoutEffect(const CLI::App& command);

// Prints the problem, and returns the exit code for it.
[[nodiscard]] int Refuse(const std::string& problem);

}  // namespace bpfrig::client
