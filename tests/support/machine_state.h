// What a test could leave behind on the machine, and the listener that fails a test that did. Every
// executable of kernel and end-to-end tests gets it through main.cpp; tests of one machine never run at the
// same time.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace bpfrig::tests {

// A set of names for each kind of thing: BPF programs, maps and links by id; cgroups, network namespaces,
// mounts; processes that came from this one; listening sockets; temporary files.
class MachineState {
 public:
  // Needs root. Aborts if the kernel does not answer: a check that sees nothing proves nothing.
  static MachineState Take();

  // What exists now and was not in `before`, one line each, sorted.
  [[nodiscard]] std::vector<std::string> NewSince(const MachineState& before) const;

 private:
  std::map<std::string, std::set<std::string>> things_;
};

// Takes the state before every test and compares it after, waiting up to two seconds for what the kernel
// frees later.
class LeakCheck : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo& info) override;
  void OnTestEnd(const ::testing::TestInfo& info) override;

 private:
  MachineState before_;
};

// Makes this process recognise its descendants, wherever they end up, and gives them their own folder for
// temporary files, which must be empty again after each test. Call it once, before any child.
void MarkDescendants();

}  // namespace bpfrig::tests
