#include "client/run/artifacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "common/read_file.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::client::run {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

plan::Test TestOf(const std::string& name, const std::string& plan = "p") {
  plan::Test test;
  test.plan = plan;
  test.name = name;
  return test;
}

class ArtifactsTest : public testing::Test {
 protected:
  std::unique_ptr<Artifacts> Open(const std::vector<plan::Test>& tests) {
    auto artifacts = Artifacts::Open(path_, tests);
    EXPECT_TRUE(artifacts.ok()) << artifacts.status();
    return artifacts.ok() ? *std::move(artifacts) : nullptr;
  }
  std::string Refusal(const std::vector<plan::Test>& tests) {
    return std::string(Artifacts::Open(path_, tests).status().message());
  }
  // Every file below the directory, from there.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      if (!entry.is_directory()) files.push_back(fs::relative(entry.path(), path_).string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  static std::string Read(const fs::path& path) { return common::ReadFile(path, 1 << 20).value_or("none"); }

  const common::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "below/artifacts";
};

TEST_F(ArtifactsTest, WritesFilesAndAnIndexThatNamesThem) {
  const std::vector<plan::Test> tests = {TestOf("a b")};
  const auto artifacts = Open(tests);
  EXPECT_THAT(Files(), IsEmpty());
  verdict::TestResult result;
  result.failures.push_back({{}, "step 2, dump", "", "", {}});
  const std::string folder = artifacts->Write(
      tests[0], result, {{"maps/m", ".json", "the map", "1"}, {"maps/M", ".json", "other", "2"}});
  EXPECT_EQ(folder, path_ + "/p/a_b");
  EXPECT_EQ(Read(folder + "/maps/m.json"), "1");
  EXPECT_EQ(Read(folder + "/maps/M@2.json"), "2") << "two that may be one file where case does not count";
  const auto index = nlohmann::json::parse(Read(folder + "/index.json"));
  EXPECT_EQ(index.at("test"), "a b");
  EXPECT_EQ(index.at("failures").at(0).at("what"), "step 2, dump");
  EXPECT_EQ(index.at("files").at(1).at("file"), "maps/M@2.json");
  EXPECT_EQ(index.at("files").at(1).at("about"), "other");
  EXPECT_TRUE(artifacts->status().ok());
}

TEST_F(ArtifactsTest, GivesEachTestAndEachTryAFolderOfItsOwn) {
  const std::vector<plan::Test> tests = {TestOf("a/b"), TestOf("a b"), TestOf("A b"), TestOf("..", "..")};
  const auto artifacts = Open(tests);
  EXPECT_EQ(artifacts->Write(tests[2], {}, {}), path_ + "/p/A_b@3");
  EXPECT_EQ(artifacts->Write(tests[0], {}, {}), path_ + "/p/a_b");
  EXPECT_EQ(artifacts->Write(tests[1], {}, {}), path_ + "/p/a_b@2");
  EXPECT_EQ(artifacts->Write(tests[0], {}, {}), path_ + "/p/a_b@try-2");
  EXPECT_EQ(artifacts->Write(tests[3], {}, {}), path_ + "/_./_.");
}

TEST_F(ArtifactsTest, RemovesWhatAnEarlierRunLeftOfTheseTestsAndNothingElse) {
  const std::vector<plan::Test> both = {TestOf("a"), TestOf("b")};
  const auto earlier = Open(both);
  for (const plan::Test& test : both) earlier->Write(test, {}, {{"old", ".txt", "", ""}});
  earlier->Write(both[0], {}, {});
  std::ofstream(path_ + "/mine.txt") << "kept";

  const std::vector<plan::Test> one = {TestOf("a")};
  EXPECT_NE(Open(one), nullptr);
  EXPECT_THAT(Files(), testing::ElementsAre("mine.txt", "p/b/index.json", "p/b/old.txt"));
  const std::vector<plan::Test> other = {TestOf("b")};
  EXPECT_NE(Open(other), nullptr);
  EXPECT_THAT(Files(), testing::ElementsAre("mine.txt"));
  EXPECT_FALSE(fs::exists(path_ + "/p")) << "the plan's folder has nothing any more";
}

TEST_F(ArtifactsTest, LeavesWhatItDidNotMake) {
  fs::create_directories(path_ + "/p/a/index.json");
  EXPECT_THAT(Refusal({TestOf("a")}), HasSubstr("/p/a is in the way: artifacts of \"p / a\" go there"));
  fs::remove_all(path_ + "/p/a");
  fs::create_directories(path_ + "/p/a");
  std::ofstream(path_ + "/p/a/index.json") << "{\n  \"mine\": 1\n}";
  EXPECT_THAT(Refusal({TestOf("a")}), HasSubstr("does not look like a folder of such"));
  fs::remove_all(path_ + "/p/a");
  fs::create_directory_symlink("/", path_ + "/p/a");
  EXPECT_THAT(Refusal({TestOf("a")}), HasSubstr("is in the way"));
  EXPECT_TRUE(fs::is_symlink(path_ + "/p/a"));
}

TEST_F(ArtifactsTest, SaysWhyNothingCanBeWritten) {
  std::ofstream(directory_ / "below") << "a file";
  EXPECT_EQ(Refusal({}), "making the directory for artifacts " + path_ + ": Not a directory");
}

TEST_F(ArtifactsTest, TellsTheFirstFailureToWrite) {
  const std::vector<plan::Test> tests = {TestOf("a", "one"), TestOf("b", "two")};
  const auto artifacts = Open(tests);
  std::ofstream(path_ + "/one") << "in the way";
  std::ofstream(path_ + "/two") << "in the way";
  EXPECT_EQ(artifacts->Write(tests[0], {}, {}), "");
  EXPECT_EQ(artifacts->Write(tests[1], {}, {}), "");
  EXPECT_EQ(artifacts->status().message(), "making the folder " + path_ + "/one/a: Not a directory");
}

}  // namespace
}  // namespace bpfrig::client::run
