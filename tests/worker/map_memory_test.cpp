// What the maps of a sandbox may take: refused before any of them is there, and given back.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "common/fd.h"
#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uint64_t kMebibyte = 1 << 20;

// The id that the kernel gave to a new map: they are given in order, so that the difference of two tells how
// many were made in between.
uint32_t NextMapId() {
  const common::Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "next_id", 4, 4, 1, nullptr));
  struct bpf_map_info info;
  std::memset(&info, 0, sizeof(info));
  uint32_t size = sizeof(info);
  EXPECT_EQ(bpf_obj_get_info_by_fd(map.Get(), &info, &size), 0);
  return info.id;
}

// Some 52 MiB.
constexpr char kBig[] = R"(maps { map: "hash" max_entries: 400000 })";

class MapMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    worker_.Open();
    // Libbpf asks once what the kernel can do, by making maps.
    ASSERT_TRUE(worker_.Load(TestObject("all_maps"), "", "first").ok());
  }

  WorkerProcess worker_{worker::MapMemoryLimits{.sandbox = 100 * kMebibyte}};
};

TEST_F(MapMemoryTest, AnObjectThatTakesTooMuchIsRefusedBeforeAnyMapIsMade) {
  const uint32_t before = NextMapId();
  const CallResult hog = worker_.Load(TestObject("hog"));
  EXPECT_EQ(NextMapId(), before + 1) << "a map was made";
  EXPECT_EQ(hog.reason(), v1::ERROR_REASON_LIMIT_REACHED) << hog.Text();
  EXPECT_EQ(hog.finished.code(), 8) << "RESOURCE_EXHAUSTED";
  EXPECT_EQ(hog.field(), "object");
  EXPECT_EQ(hog.finished.detail().object(), "hog");
  EXPECT_THAT(hog.finished.message(),
              StartsWith("making map hog of 417.8 MiB: with it this sandbox's maps would take "));
  EXPECT_THAT(hog.finished.message(), HasSubstr(", and may take 100 MiB"));
  EXPECT_THAT(hog.finished.detail().hint(), HasSubstr("start the daemon with a larger --max-map-memory"));
}

TEST_F(MapMemoryTest, TheSizeThatACallerChoseIsNamed) {
  const CallResult refused = worker_.Load(TestObject("all_maps"), R"(maps { map: "events" max_entries: 4096 }
                                              maps { map: "hash" max_entries: 40000000 })");
  EXPECT_EQ(refused.reason(), v1::ERROR_REASON_LIMIT_REACHED) << refused.Text();
  EXPECT_EQ(refused.field(), "maps[1].max_entries");
  // And a hog that is made small is no hog.
  const CallResult small = worker_.Load(TestObject("hog"), R"(maps { map: "hog" max_entries: 10 })");
  EXPECT_TRUE(small.ok()) << small.Text();
}

TEST_F(MapMemoryTest, AllObjectsOfASandboxCountTogether) {
  ASSERT_TRUE(worker_.Load(TestObject("all_maps"), kBig, "one").ok());
  const CallResult refused = worker_.Load(TestObject("all_maps"), kBig, "two");
  EXPECT_EQ(refused.reason(), v1::ERROR_REASON_LIMIT_REACHED) << refused.Text();
}

TEST_F(MapMemoryTest, WhatIsUnloadedOrRefusedGivesItsPartBack) {
  // Attaching fails, so that the object is taken out again.
  const std::string cannot_attach = std::string(kBig) + R"( attach { program: "no_such_program" })";
  for (int i = 0; i < 3; ++i) {
    const CallResult failed = worker_.Load(TestObject("all_maps"), cannot_attach, "failed");
    EXPECT_EQ(failed.reason(), v1::ERROR_REASON_UNKNOWN_NAME) << failed.Text();
  }
  const CallResult loaded = worker_.Load(TestObject("all_maps"), kBig, "loaded");
  EXPECT_TRUE(loaded.ok()) << loaded.Text();
}

TEST_F(MapMemoryTest, ASharedMapCountsOnce) {
  ASSERT_TRUE(worker_.Load(TestObject("all_maps"), kBig, "one").ok());
  const CallResult shared =
      worker_.Load(TestObject("all_maps"), R"(maps { map: "hash" shared_with: "one/hash" })", "two");
  EXPECT_TRUE(shared.ok()) << shared.Text();
}

}  // namespace
}  // namespace bpfrig::tests
