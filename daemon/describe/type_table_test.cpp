#include "daemon/describe/type_table.h"

#include <bpf/btf.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace bpfrig::describe {
namespace {

class TypeTableTest : public ::testing::Test {
 protected:
  const v1::TypeDescription& At(uint32_t id) const { return out_.types(static_cast<int>(id) - 1); }

  const std::unique_ptr<struct btf, void (*)(struct btf*)> btf_{btf__new_empty(), &btf__free};
  v1::ObjectDescription out_;
  TypeTable table_{btf_.get(), out_};
};

TEST_F(TypeTableTest, DescribesATypeWithAllThatItIsMadeOf) {
  const int number = btf__add_int(btf_.get(), "int", 4, BTF_INT_SIGNED);
  const int letter = btf__add_int(btf_.get(), "char", 1, BTF_INT_SIGNED);
  const int text = btf__add_array(btf_.get(), number, letter, 8);
  const int pair = btf__add_struct(btf_.get(), "", 8);
  btf__add_field(btf_.get(), "low", number, 0, 3);
  btf__add_field(btf_.get(), "high", number, 32, 0);
  const int outer = btf__add_struct(btf_.get(), "outer", 16);
  btf__add_field(btf_.get(), "text", text, 0, 0);
  btf__add_field(btf_.get(), "", pair, 64, 0);
  const int fixed = btf__add_const(btf_.get(), outer);
  const uint32_t id = table_.Add(static_cast<uint32_t>(fixed));
  EXPECT_EQ(table_.Add(static_cast<uint32_t>(outer)), id);
  table_.Finish();
  const v1::TypeDescription& type = At(id);
  EXPECT_EQ(type.kind(), v1::TYPE_KIND_STRUCT);
  EXPECT_EQ(type.size(), 16U);
  ASSERT_EQ(type.members_size(), 3);
  EXPECT_EQ(type.members(0).type_name(), "array of 8 char");
  EXPECT_EQ(At(At(type.members(0).type()).of()).kind(), v1::TYPE_KIND_CHAR);
  EXPECT_EQ(type.members(1).name(), "low");
  EXPECT_EQ(type.members(2).bit_offset(), 96U);
  EXPECT_TRUE(At(type.members(2).type()).is_signed());
}

TEST_F(TypeTableTest, NamesEnumeratorsWithTheirSigns) {
  btf__add_enum(btf_.get(), "colour", 4);
  btf__add_enum_value(btf_.get(), "RED", 1);
  btf__add_enum_value(btf_.get(), "BELOW_ZERO", -3);
  table_.AddNamed();
  table_.Finish();
  ASSERT_EQ(out_.types_size(), 1);
  EXPECT_TRUE(out_.types(0).is_signed());
  EXPECT_EQ(out_.types(0).enumerators(1).value(), -3);
}

TEST_F(TypeTableTest, SaysThatItIsCutShort) {
  for (int i = 0; i < 20'001; ++i) btf__add_struct(btf_.get(), absl::StrCat("s", i).c_str(), 0);
  table_.AddNamed();
  table_.Finish();
  EXPECT_TRUE(out_.types_truncated());
  EXPECT_EQ(out_.types_size(), 20'000);
}

TEST(TypeTableWithoutBtfTest, HasNothing) {
  v1::ObjectDescription out;
  TypeTable table(nullptr, out);
  EXPECT_EQ(table.Add(1), 0U);
  table.AddNamed();
  table.Finish();
  EXPECT_EQ(out.types_size(), 0);
}

}  // namespace
}  // namespace bpfrig::describe
