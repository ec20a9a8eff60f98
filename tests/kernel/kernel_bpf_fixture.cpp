#include "tests/kernel/kernel_bpf_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace bpfrig::kernel_bpf {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::perror(what.c_str());
  std::abort();
}

std::string CgroupRoot() {
  std::ifstream mounts("/proc/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string source;
    std::string path;
    std::string type;
    words >> source >> path >> type;
    if (type == "cgroup2") return path;
  }
  Die("there is no cgroup2 mount");
}

int WaitFor(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) Die("waitpid");
  return status;
}

void BringLoUp() {
  common::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  struct ifreq request {};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.Get(), SIOCSIFFLAGS, &request) != 0) Die("bringing lo up");
}

}  // namespace

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Die(path);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string ReadTestObject(const std::string& name) {
  return ReadFile(std::string(BPFRIG_TEST_OBJECTS) + "/" + name + ".bpf.o");
}

ObjectSpec SpecOf(const std::string& elf) {
  ObjectSpec spec;
  spec.name = "object";
  spec.elf = elf;
  return spec;
}

TestSpec::TestSpec(const std::string& name) : elf(ReadTestObject(name)) {
  spec.name = name;
  spec.elf = elf;
}

BpfObject MustLoad(const ObjectSpec& spec) {
  absl::StatusOr<LoadOutcome> outcome = BpfObject::Load(spec);
  if (!outcome.ok()) throw std::runtime_error(outcome.status().ToString());
  if (const Rejected* rejected = std::get_if<Rejected>(&*outcome)) {
    throw std::runtime_error(
        absl::StrCat(rejected->errno_name, " ", rejected->program, rejected->map, "\n", rejected->log));
  }
  return std::get<BpfObject>(*std::move(outcome));
}

BpfObject MustLoad(const std::string& name) { return MustLoad(TestSpec(name).spec); }

uint32_t VerdictOn(const BpfObject& object, const std::string& program, size_t size) {
  const std::string packet(size, '\0');
  TestRunInput input;
  input.data = packet;
  const absl::StatusOr<TestRunOutput> output = object.FindProgram(program)->TestRun(input);
  EXPECT_TRUE(output.ok()) << output.status();
  return output.ok() ? output->return_value : 0;
}

Rejected LoadRefused(const ObjectSpec& spec) {
  absl::StatusOr<LoadOutcome> outcome = BpfObject::Load(spec);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  if (!outcome.ok()) return {};
  EXPECT_TRUE(std::holds_alternative<Rejected>(*outcome)) << "the kernel took it";
  return std::holds_alternative<Rejected>(*outcome) ? std::get<Rejected>(*outcome) : Rejected{};
}

TestCgroup::TestCgroup() : path_(CgroupRoot() + "/bpfrig-kernel-bpf-test-" + std::to_string(::getpid())) {
  if (::mkdir(path_.c_str(), 0755) != 0) Die(path_);
  fd_ = common::Fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd_.IsOpen()) Die(path_);
}

TestCgroup::~TestCgroup() {
  if (::rmdir(path_.c_str()) != 0) Die(path_);
}

int TestCgroup::Dial(uint16_t port) const {
  pid_t child = ::fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    common::Fd procs(::openat(fd_.Get(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
    if (::write(procs.Get(), "0", 1) != 1) ::_exit(255);
    ::_exit(DialLoopback(port));
  }
  int status = WaitFor(child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_NE(WEXITSTATUS(status), 255) << "the child could not enter the cgroup";
  return WEXITSTATUS(status);
}

int DialLoopback(uint16_t port) {
  common::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  struct sockaddr_in address {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int result = ::connect(socket.Get(), reinterpret_cast<struct sockaddr*>(&address), sizeof(address));
  return result == 0 ? 0 : errno;
}

void InOwnNetns(const std::function<void()>& body) {
  std::cout.flush();
  pid_t child = ::fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    if (::unshare(CLONE_NEWNET) != 0) Die("unshare");
    BringLoUp();
    body();
    std::cout.flush();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = WaitFor(child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << "the child in its own namespace failed: see above";
}

}  // namespace bpfrig::kernel_bpf
