// Packed entries and records through a whole daemon, for a client of its API, beside values one by one.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/caller.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

std::string Object(const std::string& name) {
  return ReadAll(std::string(BPFRIG_TEST_OBJECTS) + "/" + name + ".bpf.o");
}

std::string Long(uint64_t number) { return {reinterpret_cast<const char*>(&number), sizeof(number)}; }

class BulkTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kEntries = 100'000;
  static constexpr uint64_t kEntriesPerMessage = 4000;

  void SetUp() override {
    (void)sandbox_.Load("all_maps", Object("all_maps"), R"(maps { map: "struct_key" max_entries: 200000 })");
  }

  grpc::Status Seed(const std::vector<v1::SeedMapRequest>& messages, v1::SeedMapResponse& response) {
    grpc::ClientContext context;
    const auto writer = sandbox_.stub().SeedMap(&context, &response);
    for (size_t i = 0; i < messages.size(); ++i) {
      v1::SeedMapRequest message = messages[i];
      if (i == 0) {
        message.set_sandbox(sandbox_.id());
        message.set_map("struct_key");
      }
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  std::map<std::string, std::string> Dump(bool packed, v1::DumpSummary& summary) {
    v1::DumpMapRequest request;
    request.set_sandbox(sandbox_.id());
    request.set_map("struct_key");
    request.set_packed(packed);
    grpc::ClientContext context;
    const auto reader = sandbox_.stub().DumpMap(&context, request);
    std::map<std::string, std::string> entries;
    v1::DumpMapResponse response;
    v1::PackedSizes sizes;
    while (reader->Read(&response)) {
      EXPECT_TRUE(packed ? response.entries().empty() : !response.has_packed());
      for (const v1::DumpedEntry& entry : response.entries()) entries[entry.raw_key()] = entry.raw_value();
      if (response.has_packed_sizes()) sizes = response.packed_sizes();
      for (size_t i = 0; i < response.packed().count(); ++i) {
        entries[response.packed().keys().substr(i * sizes.key_size(), sizes.key_size())] =
            response.packed().values().substr(i * sizes.value_size(), sizes.value_size());
      }
      if (response.has_summary()) summary = response.summary();
    }
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return entries;
  }

  Daemon daemon_;
  OpenedSandbox sandbox_{daemon_, ""};
};

TEST_F(BulkTest, EntriesArriveInEitherFormAndAreReadInBoth) {
  std::vector<v1::SeedMapRequest> messages;
  for (uint64_t first = 0; first < kEntries; first += kEntriesPerMessage) {
    v1::SeedMapRequest& message = messages.emplace_back();
    // Every other message is of values.
    const bool packed = messages.size() % 2 == 0;
    if (packed) message.mutable_packed()->set_count(kEntriesPerMessage);
    for (uint64_t i = first; i < first + kEntriesPerMessage; ++i) {
      if (packed) {
        message.mutable_packed()->mutable_keys()->append(Long(i));
        message.mutable_packed()->mutable_values()->append(Long(~i));
        continue;
      }
      v1::SeedEntry& entry = *message.add_entries();
      v1::Field& x = *entry.mutable_key()->mutable_fields()->add_fields();
      x.set_name("x");
      x.mutable_value()->set_unsigned_integer(i);
      entry.mutable_value()->set_unsigned_integer(~i);
    }
  }
  v1::SeedMapResponse written;
  const grpc::Status seeded = Seed(messages, written);
  ASSERT_TRUE(seeded.ok()) << seeded.error_message();
  EXPECT_EQ(written.written(), kEntries);
  v1::DumpSummary summary;
  const std::map<std::string, std::string> packed = Dump(true, summary);
  EXPECT_EQ(summary.count(), kEntries);
  ASSERT_EQ(packed.size(), kEntries);
  for (uint64_t i = 0; i < kEntries; ++i) ASSERT_EQ(packed.at(Long(i)), Long(~i)) << i;
  EXPECT_EQ(Dump(false, summary), packed);
  EXPECT_EQ(summary.count(), kEntries);
}

TEST_F(BulkTest, WhatIsWrongIsRefusedWithItsField) {
  v1::SeedMapResponse response;
  v1::SeedMapRequest message;
  message.mutable_packed()->set_count(2);
  message.mutable_packed()->set_keys(Long(1));
  message.mutable_packed()->set_values(Long(1));
  EXPECT_EQ(DetailOf(Seed({message}, response)).field(), "packed.keys");
  message.add_entries();
  EXPECT_EQ(DetailOf(Seed({message}, response)).field(), "packed");
  message.clear_entries();
  message.mutable_packed()->set_keys(std::string(4'000'000, 'k'));
  EXPECT_EQ(DetailOf(Seed({message}, response)).reason(), v1::ERROR_REASON_LIMIT_REACHED);
  v1::DumpSummary summary;
  EXPECT_TRUE(Dump(true, summary).empty());
}

TEST_F(BulkTest, RecordsAreReadPacked) {
  v1::AttachResponse attached;
  ASSERT_TRUE(
      sandbox_.Call(&v1::BpfRig::Stub::Attach, R"(target { program: "connect_with_maps" })", attached).ok());
  v1::ConnectResponse refused;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        sandbox_.Call(&v1::BpfRig::Stub::Connect, R"(to { address: "127.0.0.1" port: 81 })", refused).ok());
  }
  v1::ReadEventsRequest request;
  request.set_sandbox(sandbox_.id());
  request.set_map("events");
  request.set_packed(true);
  grpc::ClientContext context;
  const auto reader = sandbox_.stub().ReadEvents(&context, request);
  v1::ReadEventsResponse response;
  uint64_t bytes = 0;
  uint64_t lengths = 0;
  uint64_t count = 0;
  uint64_t told = 0;
  while (reader->Read(&response)) {
    EXPECT_TRUE(response.events().empty());
    told += response.summary().count();
    bytes += response.packed().records().size();
    for (const uint32_t length : response.packed().lengths()) lengths += length;
    count += static_cast<uint64_t>(response.packed().lengths_size());
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(told, 3u);
  EXPECT_GT(bytes, 0u);
  EXPECT_EQ(bytes, lengths);
}

}  // namespace
}  // namespace bpfrig::tests
