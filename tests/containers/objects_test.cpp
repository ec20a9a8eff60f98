// The golden plans (tests/golden/run) in the image: with its libbpf, which is newer than those that we build
// with elsewhere, and with objects that its compiler makes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/containers/compose_file.h"
#include "tests/containers/docker.h"
#include "tests/e2e/golden_plans.h"
#include "tests/e2e/kill_object.h"

namespace bpfrig::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// The image's daemon, which is called over one of the test's folders.
class ImageObjectsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(daemon_.WaitHealthy()) << daemon_.Log(); }

  [[nodiscard]] std::string Target() const { return "unix:" + socket_.Path() + "/bpfrig.sock"; }

  // All plans, with the folder's objects in place of this build's.
  void RunAll(const std::string& folder) const {
    const std::vector<std::string> names = GoldenNames();
    ASSERT_FALSE(names.empty());
    for (const std::string& name : names) {
      SCOPED_TRACE(name);
      const std::string answer = RunGolden(name, Target(), {folder});
      // A container has a process namespace of its own, and programs see the machine's.
      if (name == "allow_lists") {
        EXPECT_THAT(answer, HasSubstr("machine's process namespace (pid: host)"));
      } else {
        EXPECT_EQ(answer, ExpectedOfGolden(name));
      }
    }
  }

  // An object that asks for this kernel's functions by their numbers, as one plan wants it.
  static void WriteKillObject(const Folder& folder) { folder.Write("kill_by_number.o", KillObject(1)); }

  const Folder socket_{"socket"};
  const Container daemon_{ComposeOptions() +
                          Arguments{"--volume", socket_.Path() + ":/run/bpfrig", "bpfrig"}};
};

// Compiles every object of the tests with the compiler of the image's build stage, which the images are
// built from, and so is there.
Outcome CompileInImage(const std::string& out) {
  const char* network = std::getenv("BPFRIG_BUILD_NETWORK");
  const Outcome built = Docker(
      {"build", "--quiet", "--network", network == nullptr ? "default" : network, "--file",
       BPFRIG_SOURCE "/docker/Dockerfile", "--target", "build", "--tag", "bpfrig-build", BPFRIG_SOURCE},
      std::chrono::minutes(35));
  if (built.status != 0) return built;
  return Docker({"run", "--rm", "--network", "none", "--volume", BPFRIG_SOURCE "/tests/objects:/objects:ro",
                 "--volume", out + ":/out", "bpfrig-build", "sh", "-ec",
                 "clang --version\n"
                 "for source in /objects/*.bpf.c; do\n"
                 "  clang " BPFRIG_BPF_FLAGS " -I/source/bpf -c $source -o /out/$(basename $source .c).o\n"
                 "done"});
}

TEST_F(ImageObjectsTest, GetTheSameWords) {
  const Folder made_now("made_now");
  WriteKillObject(made_now);
  RunAll(made_now.Path());
}

TEST_F(ImageObjectsTest, OfItsOwnCompilerGetTheSameWords) {
  const Folder objects("objects");
  const Outcome compiled = CompileInImage(objects.Path());
  ASSERT_EQ(compiled.status, 0) << compiled.output;
  EXPECT_THAT(compiled.output, ContainsRegex("clang version (19|[2-9][0-9])"));
  WriteKillObject(objects);
  RunAll(objects.Path());
}

// Without DWARF, 64-bit enumerators are in BTF alone: clang has written them there whole since 15.
TEST_F(ImageObjectsTest, OfItsOwnCompilerHaveWideEnumeratorsInBtf) {
  const Folder objects("objects");
  const Outcome compiled = CompileInImage(objects.Path());
  ASSERT_EQ(compiled.status, 0) << compiled.output;
  const Outcome stripped =
      RunToEnd({BPFRIG_LLVM_OBJCOPY, "--strip-debug", objects.Path() + "/odd_values.bpf.o"});
  ASSERT_EQ(stripped.status, 0) << stripped.output;
  objects.Write("wide.yaml", R"(name: wide
objects: {odd: odd_values.bpf.o}
tests:
  - name: of 64 bits
    steps:
      - load: {object: odd}
      - seed: {map: odds, entries: [{key: 0, value: {wide: WIDE_LARGE}}]}
      - dump: {map: odds, keys: [0]}
        expect: {exactly: [{value: {wide: 0x123456789abc}}]}
)");
  const Outcome outcome =
      RunToEnd({BPFRIG_BIN "/bpfrig", "run", "--target", Target(), objects.Path() + "/wide.yaml"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("1 passed, 0 failed"));
}

}  // namespace
}  // namespace bpfrig::tests
