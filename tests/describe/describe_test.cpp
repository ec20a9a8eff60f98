// `bpfrigd describe` on what is shipped and on what is not an object, as root and as nobody; and what is left
// to the process that reads the object.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "common/testing/temporary_directory.h"
#include "tests/support/deadline.h"
#include "tests/support/file.h"
#include "tests/support/mutated.h"
#include "tests/support/subprocess.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// More than the time of a processor that reading an object may take, on a machine that does other things too.
constexpr std::chrono::seconds kLimit{30};

// setpriv is of util-linux, which every Debian has.
std::vector<std::string> AsNobody(std::vector<std::string> argv) {
  std::vector<std::string> command = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"};
  command.insert(command.end(), argv.begin(), argv.end());
  return command;
}

Outcome Describe(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {BPFRIG_BIN "/bpfrigd", "describe"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return RunToEnd(argv);
}

std::vector<fs::path> ObjectsIn(const std::vector<std::string>& folders) {
  std::vector<fs::path> objects;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".o") objects.push_back(entry.path());
    }
  }
  // A directory has no order, and a seed names the same mutants every time.
  std::sort(objects.begin(), objects.end());
  return objects;
}

std::vector<fs::path> ShippedObjects() {
  return ObjectsIn({BPFRIG_BPF_OBJECTS, absl::StrCat(BPFRIG_BPF_OBJECTS, "/sockets")});
}

// Those, and the tests' own, among them some that cannot be read.
std::vector<fs::path> AllObjects() {
  return ObjectsIn({BPFRIG_BPF_OBJECTS, absl::StrCat(BPFRIG_BPF_OBJECTS, "/sockets"), BPFRIG_TEST_OBJECTS});
}

TEST(DescribeTypeTest, IsTheOneThatIsGiven) {
  const std::string object = absl::StrCat(BPFRIG_TEST_OBJECTS, "/unknown_section.bpf.o");
  EXPECT_THAT(Describe({"--type", "redirect=sk_msg", object}).output, HasSubstr("redirect  sk_msg"));
  EXPECT_THAT(Describe({"--type", "redirect=sk_mgs", object}).output,
              HasSubstr("no program type by the section name \"sk_mgs\" (did you mean \"sk_msg\"?)"));
  for (const char* incomplete : {"redirect", "redirect=", "=sk_msg"}) {
    const Outcome refused = Describe({"--type", incomplete, object});
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.output, HasSubstr("must be PROGRAM=SECTION, such as main=cgroup/connect4"));
  }
}

class DescribeTest : public ::testing::Test {
 protected:
  // Nobody may look into it, too.
  DescribeTest() {
    for (const fs::path& path : {temporary_.path(), temporary_.path().parent_path()}) {
      fs::permissions(path, fs::perms::others_read | fs::perms::others_exec, fs::perm_options::add);
    }
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    const fs::path path = temporary_.path() / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }

  const common::TemporaryDirectory temporary_;
};

TEST_F(DescribeTest, DescribesEveryObjectThatIsShipped) {
  for (const fs::path& object : ShippedObjects()) {
    const Outcome text = Describe({object});
    EXPECT_EQ(text.status, 0) << text.output;
    EXPECT_THAT(text.output, StartsWith(object.string() + ": "));
    const Outcome json = Describe({"--json", object});
    EXPECT_EQ(json.status, 0) << json.output;
    EXPECT_THAT(json.output, AllOf(StartsWith("{\n"), EndsWith("}\n")));
  }
}

TEST_F(DescribeTest, SaysWhereProgramsGoAndWhatMapsHold) {
  const Outcome hooks = Describe({BPFRIG_TEST_OBJECTS "/kernel_bpf_hooks.bpf.o"});
  EXPECT_THAT(hooks.output,
              AllOf(HasSubstr("  look_up       sk_lookup   to the network namespace  section sk_lookup\n"),
                    HasSubstr("sched_cls   to lo, ingress or egress  section tc\n"),
                    HasSubstr("xdp         to lo                     section xdp\n"),
                    HasSubstr("attach: {program: pass_message, map: sockets}\n"),
                    HasSubstr("section kprobe/tcp_v4_connect  not loaded by default\n")));
  const Outcome maps = Describe({BPFRIG_TEST_OBJECTS "/all_maps.bpf.o"});
  EXPECT_THAT(
      maps.output,
      AllOf(HasSubstr("key struct point, 8 bytes"), HasSubstr("struct point  "),
            HasSubstr("{x: __s32, y: __s32}\n"), HasSubstr("of array\n"),
            HasSubstr(
                "constant_colour       enum colour                      .rodata  before the load only\n")));
  const Outcome json = Describe({"--json", BPFRIG_TEST_OBJECTS "/all_maps.bpf.o"});
  EXPECT_THAT(json.output, AllOf(HasSubstr("\"valueTypeName\": \"struct everything\""),
                                 HasSubstr("\"name\": \"COLOUR_BELOW_ZERO\""),
                                 HasSubstr("\"place\": \"ATTACH_PLACE_CGROUP\"")));
}

TEST_F(DescribeTest, TakesTheSameFromNobody) {
  for (const fs::path& object : AllObjects()) {
    const std::vector<std::string> argv = {BPFRIG_BIN "/bpfrigd", "describe", object};
    const Outcome as_root = RunToEnd(argv);
    const Outcome as_nobody = RunToEnd(AsNobody(argv));
    EXPECT_EQ(as_nobody.status, as_root.status) << as_nobody.output;
    EXPECT_EQ(as_nobody.output, as_root.output);
  }
}

TEST_F(DescribeTest, IsACommandOfTheClientToo) {
  const std::string object = BPFRIG_BPF_OBJECTS "/sockops.bpf.o";
  EXPECT_EQ(RunToEnd({BPFRIG_BIN "/bpfrig", "describe", object}).output, Describe({object}).output);
  EXPECT_EQ(RunToEnd({BPFRIG_BIN "/bpfrig", "describe", "--json", object}).output,
            Describe({"--json", object}).output);
}

TEST_F(DescribeTest, SaysWhatIsNotAnObject) {
  const std::string object = ReadAll(BPFRIG_TEST_OBJECTS "/noop.bpf.o");
  const std::string fifo = temporary_.path() / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0644), 0);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/dev/null", "it is not a regular file\n"},
      {"/tmp", "it is a directory\n"},
      {fifo, "it is not a regular file\n"},
      {Write("empty", ""), "the object is empty; compile it with clang -target bpf -O2 -g -c\n"},
      {Write("garbage", "garbage"),
       "the object is not an ELF object; compile it with clang -target bpf -O2 -g -c\n"},
      {Write("header", object.substr(0, 40)),
       "the ELF object is cut short at 40 bytes; compile it with clang -target bpf -O2 -g -c\n"},
      {Write("half", object.substr(0, object.size() / 2)),
       "the ELF object's section table is broken; compile it with clang -target bpf -O2 -g -c\n"},
      {BPFRIG_BIN "/bpfrigd",
       "an ELF object for x86-64, not for BPF; compile it with clang -target bpf -O2 -g -c\n"},
      {Write("large", std::string(size_t{17} << 20, 'x')),
       "it has 17825792 bytes; at most 16777216 are taken\n"},
  };
  for (const auto& [path, message] : cases) {
    if (path == BPFRIG_BIN "/bpfrigd" && fs::file_size(path) > size_t{16} << 20) continue;
    for (const bool as_nobody : {false, true}) {
      const std::vector<std::string> argv = {BPFRIG_BIN "/bpfrigd", "describe", path};
      const Outcome outcome = RunToEnd(as_nobody ? AsNobody(argv) : argv, kLimit);
      EXPECT_EQ(outcome.status, 1) << path;
      EXPECT_EQ(outcome.output, absl::StrCat("bpfrigd: reading ", path, ": ", message));
    }
  }
  const Outcome missing = Describe({"/nowhere/x.o"});
  EXPECT_EQ(missing.output, "bpfrigd: opening /nowhere/x.o: No such file or directory\n");
  EXPECT_EQ(Describe({}).status, 2);
}

// What is left to a reader, read off one that waits for its input.
class ReaderTest : public DescribeTest {
 protected:
  // Its input is a pipe that nothing comes out of.
  Subprocess Start(bool as_nobody) {
    const std::string fifo = temporary_.path() / (as_nobody ? "nobody" : "root");
    EXPECT_EQ(mkfifo(fifo.c_str(), 0644), 0);
    // So that whoever opens it for reading does not wait.
    input_ = common::Fd(open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    const std::vector<std::string> argv = {"sh", "-c",
                                           absl::StrCat("exec " BPFRIG_BIN "/bpfrigd describe - < ", fifo)};
    return Subprocess::Start(as_nobody ? AsNobody(argv) : argv);
  }

  // The one that has given everything up, as soon as it has; 0 if there is none.
  static pid_t ReaderOf(const Subprocess& process) {
    pid_t reader = 0;
    (void)WaitUntil(kLimit, [&] {
      for (const pid_t pid : DescendantsOf(process.Pid())) {
        if (StatusField(pid, "Seccomp") == "2") reader = pid;
      }
      return reader != 0;
    });
    return reader;
  }

  // By pidfd: no number can mean more than one process.
  static bool Signal(pid_t reader, int signal) {
    const common::Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, reader, 0)));
    return pidfd.IsOpen() && syscall(SYS_pidfd_send_signal, pidfd.Get(), signal, nullptr, 0) == 0;
  }

  common::Fd input_;
};

TEST_F(ReaderTest, HasGivenUpAllThatRootHas) {
  Subprocess process = Start(false);
  const pid_t reader = ReaderOf(process);
  ASSERT_GT(reader, 0);
  EXPECT_THAT(StatusField(reader, "Uid"), HasSubstr("65534\t65534\t65534\t65534"));
  EXPECT_THAT(StatusField(reader, "Gid"), HasSubstr("65534\t65534\t65534\t65534"));
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    EXPECT_EQ(StatusField(reader, set), "0000000000000000") << set;
  }
  EXPECT_EQ(StatusField(reader, "NoNewPrivs"), "1");
  EXPECT_NE(fs::read_symlink(absl::StrCat("/proc/", reader, "/ns/net")),
            fs::read_symlink("/proc/self/ns/net"));
  std::vector<std::string> descriptors;
  for (const auto& entry : fs::directory_iterator(absl::StrCat("/proc/", reader, "/fd"))) {
    descriptors.push_back(entry.path().filename());
  }
  EXPECT_THAT(descriptors, ::testing::UnorderedElementsAre("0", "1", "2"));
  EXPECT_TRUE(Signal(reader, SIGKILL));
  EXPECT_EQ(process.Wait(kLimit).status, 1);
}

TEST_F(ReaderTest, CrashesAlone) {
  for (const bool as_nobody : {false, true}) {
    Subprocess process = Start(as_nobody);
    // Not SIGSEGV, of which the address sanitizer makes a report and an exit status.
    ASSERT_TRUE(Signal(ReaderOf(process), SIGABRT));
    const Outcome outcome = process.Wait(kLimit);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(
        outcome.output,
        "bpfrigd: reading the object on standard input: the process that read it crashed (signal 6, "
        "Aborted), which harmed nothing else: libbpf cannot read these bytes; compile the object again\n");
  }
}

TEST_F(ReaderTest, IsEndedWhenItsTimeIsOver) {
  Subprocess process = Start(false);
  ASSERT_TRUE(Signal(ReaderOf(process), SIGXCPU));
  EXPECT_THAT(process.Wait(kLimit).output, EndsWith(": it takes more than 3 s of processor time\n"));
}

TEST_F(DescribeTest, MutatedObjectsEndInADescriptionOrAMessage) {
  std::vector<std::string> objects;
  for (const fs::path& object : AllObjects()) objects.push_back(ReadAll(object));
  std::mt19937 random(20261127);
  std::array<int, 3> counts{};  // described, refused, crashed
  for (int i = 0; i < 500; ++i) {
    const std::string mutant = Write("mutant", Mutated(objects[random() % objects.size()], random));
    const Outcome outcome = RunToEnd({BPFRIG_BIN "/bpfrigd", "describe", "--json", mutant}, kLimit);
    ASSERT_FALSE(outcome.timed_out) << i;
    ASSERT_EQ(outcome.signal, 0) << i;
    ASSERT_THAT(outcome.status, AnyOf(0, 1)) << i;
    if (outcome.status == 1) {
      ASSERT_THAT(outcome.output, StartsWith(absl::StrCat("bpfrigd: reading ", mutant, ": "))) << i;
    }
    const bool crashed = outcome.output.find("crashed (") != std::string::npos;
    ++counts[outcome.status == 0 ? 0 : crashed ? 2 : 1];
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    const char* const names[] = {"described", "refused", "crashed"};
    RecordProperty(names[i], counts[i]);
  }
  EXPECT_GT(counts[0], 50);
  EXPECT_GT(counts[1], 50);
}

}  // namespace
}  // namespace bpfrig::tests
