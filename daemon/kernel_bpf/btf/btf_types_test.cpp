#include "daemon/kernel_bpf/btf/btf_types.h"

#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;

class BtfTypesTest : public testing::Test {
 protected:
  BtfTypesTest() : types_(btf__new_empty()) {
    struct btf* btf = const_cast<struct btf*>(types_.types().get());
    int u32 = btf__add_typedef(btf, "__u32", btf__add_int(btf, "unsigned int", 4, 0));
    int key = btf__add_struct(btf, "frontend_key", 4);
    btf__add_field(btf, "addr", u32, 0, 0);
    btf__add_typedef(btf, "key_t", btf__add_const(btf, key));
    btf__add_fwd(btf, "frontend_value", BTF_FWD_STRUCT);
    btf__add_array(btf, u32, key, 3);
  }
  std::string NameFound(absl::string_view name) {
    absl::StatusOr<TypeRef> type = types_.types().Find(name);
    return type.ok() ? TypeName(*type) : std::string(type.status().message());
  }
  BtfTypes types_;
};

TEST_F(BtfTypesTest, FindsTypesAsCallersNameThem) {
  EXPECT_EQ(NameFound("frontend_key"), "struct frontend_key");
  EXPECT_EQ(NameFound("struct frontend_key"), "struct frontend_key");
  EXPECT_EQ(NameFound("__u32"), "__u32");
  EXPECT_EQ(NameFound("unsigned int"), "unsigned int");
  EXPECT_EQ(NameFound("key_t"), "key_t");
  EXPECT_EQ(SizeOf(*types_.types().Find("key_t")).value(), 4U);
}

TEST_F(BtfTypesTest, NamesNearTypesWhenThereIsNone) {
  absl::Status status = types_.types().Find("frontend_ky").status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnknownName);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no type \"frontend_ky\"; it has frontend_key"));
  EXPECT_EQ(types_.types().Find("union frontend_key").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(BtfTypesTest, RefusesForwardDeclarationsWithARemedy) {
  absl::Status status = types_.types().Find("frontend_value").status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kNoType);
  EXPECT_THAT(DetailOf(status).hint, HasSubstr("types_only"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("only declared"));
}

TEST_F(BtfTypesTest, RefusesToSearchWithoutBtf) {
  EXPECT_EQ(DetailOf(TypeSet(nullptr).Find("x").status()).reason, Reason::kNoType);
}

TEST_F(BtfTypesTest, SaysWhatAFileIsInsteadOfABpfObject) {
  auto message = [](absl::string_view elf) { return std::string(BtfTypes::FromElf(elf).status().message()); };
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message("#!/bin/sh"), HasSubstr("not an ELF object"));
  EXPECT_THAT(message("\x7f"
                      "ELF\2\1"),
              HasSubstr("cut short at 6 bytes"));
  std::string header(64, '\0');
  header.replace(0, 7,
                 "\x7f"
                 "ELF\2\1\1");
  header[16] = 1;
  header[18] = 62;
  EXPECT_THAT(message(header), HasSubstr("an ELF object for x86-64, not for BPF"));
  EXPECT_THAT(DetailOf(BtfTypes::FromElf(header).status()).hint, HasSubstr("clang -target bpf"));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
