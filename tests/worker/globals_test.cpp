// SetGlobals and ReadGlobals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;

class GlobalsTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    const CallResult loaded = worker_.Load(TestObject("odd_values"));
    ASSERT_TRUE(loaded.ok() && loaded.reply().load_program().has_loaded())
        << loaded.Text() << loaded.reply().ShortDebugString();
  }
  // By the names that were asked for.
  std::map<std::string, v1::Global> Read(const std::string& fields) {
    const CallResult result = Run("read_globals { " + fields + " }");
    EXPECT_TRUE(result.ok()) << fields << result.Text();
    std::map<std::string, v1::Global> globals;
    for (const v1::Global& global : result.reply().read_globals().globals()) globals[global.name()] = global;
    return globals;
  }
};

TEST_F(GlobalsTest, SetsWhatIsNamedAndNothingElse) {
  BPFRIG_EXPECT_RUNS(R"(set_globals {
      globals { name: "settings" value { fields { fields { name: "limit" value { unsigned_integer: 9 } } } } }
      globals { name: "odd_values/step" value { unsigned_integer: 3 } } })");
  const auto globals = Read(R"(names: "settings" names: "step" names: "dials" names: "fixed")");
  const auto& members = globals.at("settings").value().fields();
  EXPECT_EQ(members.fields(0).value().unsigned_integer(), 80U);
  EXPECT_EQ(members.fields(1).value().unsigned_integer(), 9U);
  EXPECT_EQ(globals.at("settings").raw(), std::string("\x50\0\x09\0", 4));
  EXPECT_EQ(globals.at("step").value().unsigned_integer(), 3U);
  EXPECT_EQ(globals.at("dials").value().unsigned_integer(), 0U);
  EXPECT_EQ(globals.at("fixed").value().unsigned_integer(), 7U);
}

TEST_F(GlobalsTest, ReadsAllOfEveryObjectIfNoneIsNamed) {
  ASSERT_TRUE(worker_.Load(TestObject("counts")).ok());
  const auto globals = Read("");
  for (const char* name : {"odd_values/fixed", "odd_values/step", "odd_values/dials", "counts/binds"}) {
    EXPECT_EQ(globals.count(name), 1U) << name;
  }
}

TEST_F(GlobalsTest, EncodesWhatIsExpected) {
  const CallResult result = Run(R"(read_globals { names: "settings"
      patterns { name: "settings" value { fields { fields { name: "port" value { unsigned_integer: 80 } } } } }
      patterns { name: "dials" } })");
  ASSERT_TRUE(result.ok()) << result.Text();
  const auto& patterns = result.reply().read_globals().patterns();
  ASSERT_EQ(patterns.size(), 2);
  EXPECT_EQ(patterns[0].bytes(), std::string("\x50\0\0\0", 4));
  EXPECT_EQ(patterns[0].mask(), std::string("\xff\xff\0\0", 4));
  EXPECT_EQ(patterns[1].mask(), std::string(8, '\0'));
}

TEST_F(GlobalsTest, WritesNothingIfOneOfThemIsWrong) {
  const auto refused = [&](const std::string& second) {
    return Run(R"(set_globals { globals { name: "step" value { unsigned_integer: 3 } } globals { )" + second +
               " } }");
  };
  const CallResult frozen = refused(R"(name: "fixed" value { unsigned_integer: 8 })");
  EXPECT_EQ(frozen.reason(), v1::ERROR_REASON_KERNEL_REFUSED);
  EXPECT_EQ(frozen.finished.detail().errno_name(), "EPERM");
  EXPECT_EQ(frozen.field(), "globals.fixed");
  const CallResult too_big = refused(R"(name: "seen_port" value { unsigned_integer: 65536 })");
  EXPECT_EQ(too_big.reason(), v1::ERROR_REASON_OUT_OF_RANGE);
  EXPECT_EQ(too_big.field(), "globals.seen_port");
  const CallResult unknown = refused(R"(name: "odd_values/stop" value { unsigned_integer: 1 })");
  EXPECT_EQ(unknown.reason(), v1::ERROR_REASON_UNKNOWN_NAME);
  EXPECT_THAT(unknown.finished.message(), HasSubstr("odd_values/step"));
  EXPECT_EQ(Read(R"(names: "step")").at("step").value().unsigned_integer(), 1U);
}

TEST_F(GlobalsTest, TellsObjectsApart) {
  ASSERT_TRUE(worker_.Load(TestObject("odd_values"), "", "other").ok());
  BPFRIG_EXPECT_RUNS(R"(set_globals { globals { name: "other/step" value { unsigned_integer: 5 } } })");
  const auto globals = Read(R"(names: "other/step" names: "odd_values/step")");
  EXPECT_EQ(globals.at("other/step").value().unsigned_integer(), 5U);
  EXPECT_EQ(globals.at("odd_values/step").value().unsigned_integer(), 1U);
  EXPECT_THAT(Run(R"(read_globals { names: "step" })").finished.message(), HasSubstr("several objects"));
}

}  // namespace
}  // namespace bpfrig::tests
