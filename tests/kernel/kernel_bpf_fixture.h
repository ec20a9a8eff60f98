// What the tests of daemon/kernel_bpf on a real kernel share: objects, a cgroup with something dialling in
// it, and their own network namespace.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "common/fd.h"
#include "daemon/kernel_bpf/object/bpf_object.h"

namespace bpfrig::kernel_bpf {

// The bytes of tests/objects/NAME.bpf.o, or of the same file in another folder.
std::string ReadTestObject(const std::string& name);
std::string ReadFile(const std::string& path);

// A spec of an object of these bytes.
ObjectSpec SpecOf(const std::string& elf);
// A spec of an object, which keeps its bytes.
struct TestSpec {
  explicit TestSpec(const std::string& name);
  std::string elf;
  ObjectSpec spec;
};

// Loads. Throws, which fails the test, if the object is not taken.
BpfObject MustLoad(const ObjectSpec& spec);
BpfObject MustLoad(const std::string& name);
// What the program says of a packet of so many zeroes.
uint32_t VerdictOn(const BpfObject& object, const std::string& program, size_t size);
// Loads, and expects the kernel to refuse.
Rejected LoadRefused(const ObjectSpec& spec);

// A cgroup2 directory, removed at the end.
class TestCgroup {
 public:
  TestCgroup();
  ~TestCgroup();
  TestCgroup(const TestCgroup&) = delete;
  TestCgroup& operator=(const TestCgroup&) = delete;

  [[nodiscard]] int fd() const { return fd_.Get(); }
  // Dials 127.0.0.1 in a child that is in the cgroup; nobody listens there. Returns the errno it got.
  [[nodiscard]] int Dial(uint16_t port) const;

 private:
  std::string path_;
  common::Fd fd_;
};

// Runs `body` in a child with its own network namespace, whose lo (index 1) is up. Its failed expectations
// fail this test.
void InOwnNetns(const std::function<void()>& body);

// Dials 127.0.0.1 from the network namespace that the process is in.
int DialLoopback(uint16_t port);

}  // namespace bpfrig::kernel_bpf
