#include "daemon/kernel_bpf/btf/check_btf.h"

#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/btf_types.h"

namespace bpfrig::kernel_bpf {
namespace {

using testing::HasSubstr;

constexpr int kMissing = 4711;

class CheckBtfTest : public testing::Test {
 protected:
  void ExpectBroken(absl::string_view why) {
    const absl::Status status = CheckBtf(btf_);
    EXPECT_EQ(base::DetailOf(status).reason, base::Reason::kBadObject) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(why)));
  }
  struct btf_type* Type(int id) {
    return const_cast<struct btf_type*>(btf__type_by_id(btf_, static_cast<uint32_t>(id)));
  }

  BtfTypes types_{btf__new_empty()};
  struct btf* btf_ = const_cast<struct btf*>(types_.types().get());
  int number_ = btf__add_int(btf_, "int", 4, BTF_INT_SIGNED);
};

TEST_F(CheckBtfTest, TakesTypesOfEveryKind) {
  const int forward = btf__add_fwd(btf_, "later", BTF_FWD_STRUCT);
  const int list = btf__add_struct(btf_, "list", 8);
  btf__add_field(btf_, "next", btf__add_ptr(btf_, list), 0, 0);
  btf__add_array(btf_, number_, btf__add_const(btf_, forward), 3);
  btf__add_enum(btf_, "verdict", 4);
  btf__add_enum_value(btf_, "DROP", 1);
  btf__add_float(btf_, "double", 8);
  const int prototype = btf__add_func_proto(btf_, 0);
  btf__add_func_param(btf_, "context", btf__add_ptr(btf_, 0));
  const int function = btf__add_func(btf_, "f", BTF_FUNC_STATIC, prototype);
  btf__add_decl_tag(btf_, "tag", function, -1);
  const int variable = btf__add_var(btf_, "v", BTF_VAR_STATIC, number_);
  btf__add_datasec(btf_, ".bss", 4);
  btf__add_datasec_var_info(btf_, variable, 0, 4);
  EXPECT_TRUE(CheckBtf(btf_).ok()) << CheckBtf(btf_);
}

TEST_F(CheckBtfTest, RefusesATypeThatIsNotThere) {
  btf__add_typedef(btf_, "key", kMissing);
  ExpectBroken("type 2 (key) refers to type 4711, and the last one is 2");
}

TEST_F(CheckBtfTest, RefusesMembersParametersElementsAndVariablesThatAreNotThere) {
  struct {
    const char* what;
    int (*add)(struct btf*);
  } const kinds[] = {
      {"member", [](struct btf* btf) { return btf__add_field(btf, "m", kMissing, 0, 0); }},
      {"parameter", [](struct btf* btf) { return btf__add_func_param(btf, "p", kMissing); }},
      {"variable", [](struct btf* btf) { return btf__add_datasec_var_info(btf, kMissing, 0, 4); }},
      {"element", [](struct btf* btf) { return btf__add_array(btf, 1, kMissing, 3); }},
      {"index", [](struct btf* btf) { return btf__add_array(btf, kMissing, 1, 3); }},
  };
  int (*const owners[])(struct btf*) = {
      [](struct btf* btf) { return btf__add_struct(btf, "s", 4); },
      [](struct btf* btf) { return btf__add_func_proto(btf, 1); },
      [](struct btf* btf) { return btf__add_datasec(btf, ".maps", 4); },
      [](struct btf* btf) { return btf__add_ptr(btf, 0); },
      [](struct btf* btf) { return btf__add_ptr(btf, 0); },
  };
  for (size_t i = 0; i < std::size(kinds); ++i) {
    BtfTypes types(btf__new_empty());
    auto* btf = const_cast<struct btf*>(types.types().get());
    btf__add_int(btf, "int", 4, 0);
    owners[i](btf);
    EXPECT_TRUE(CheckBtf(btf).ok()) << kinds[i].what << ": " << CheckBtf(btf);
    ASSERT_GE(kinds[i].add(btf), 0) << kinds[i].what;
    EXPECT_THAT(std::string(CheckBtf(btf).message()), HasSubstr("refers to type 4711")) << kinds[i].what;
  }
}

TEST_F(CheckBtfTest, RefusesANameBehindTheStrings) {
  const int maps = btf__add_datasec(btf_, ".maps", 0);
  Type(maps)->name_off = 1000;
  ExpectBroken("has a name at byte 1000, behind the end of the strings");
}

TEST_F(CheckBtfTest, RefusesAMembersNameBehindTheStrings) {
  const int outer = btf__add_struct(btf_, "outer", 4);
  btf__add_field(btf_, "member", number_, 0, 0);
  btf_members(Type(outer))->name_off = 1000;
  ExpectBroken("type 2 (outer) has a name at byte 1000");
}

// Libbpf would follow it for ever.
TEST_F(CheckBtfTest, RefusesATypeThatIsMadeOfItself) {
  const int first = btf__add_typedef(btf_, "first", number_);
  Type(first)->type = static_cast<uint32_t>(btf__add_const(btf_, first));
  ExpectBroken("type 2 (first) is made of itself");
}

TEST_F(CheckBtfTest, RefusesAnArrayOfItself) {
  const int array = btf__add_array(btf_, number_, number_, 3);
  btf_array(Type(array))->type = static_cast<uint32_t>(array);
  ExpectBroken("is made of itself");
}

TEST_F(CheckBtfTest, LeavesToLibbpfWhatItCannotReadEither) {
  EXPECT_TRUE(CheckBtfSection("").ok());
  EXPECT_TRUE(CheckBtfSection("no BTF at all").ok());
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
