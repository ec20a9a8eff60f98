// BTF that no compiler writes, but an object may bring.
#include <bpf/btf.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

class BrokenBtfTest : public testing::Test {
 protected:
  TypeRef Ref(int id) const { return {btf_, static_cast<uint32_t>(id)}; }

  void ExpectBroken(const absl::Status& status) {
    EXPECT_EQ(base::DetailOf(status).reason, base::Reason::kBadObject) << status;
  }
  void ExpectUnwritable(int id, const Value& value) { ExpectBroken(Encode(Ref(id), value).status()); }
  void ExpectUnreadable(int id, size_t size) {
    ExpectBroken(Decode(Ref(id), std::string(size, 'x')).status());
  }

  // struct { TYPE member : BITS; }
  int StructOf(int type, uint32_t size, int bits) {
    const int id = btf__add_struct(btf_, "outer", size);
    EXPECT_EQ(btf__add_field(btf_, "member", type, 0, bits), 0);
    return id;
  }

  BtfTypes types_{btf__new_empty()};
  struct btf* btf_ = const_cast<struct btf*>(types_.types().get());
};

TEST_F(BrokenBtfTest, ABoolOfSixteenBytesIsNotWrittenFromEight) {
  const int bool_type = btf__add_int(btf_, "_Bool", 16, BTF_INT_BOOL);
  ExpectUnwritable(bool_type, TextOf("true"));
  ExpectUnwritable(bool_type, Unsigned(1));
}

TEST_F(BrokenBtfTest, ABitfieldOfMoreBitsThanANumberHasIsRefused) {
  const int bool_type = btf__add_int(btf_, "_Bool", 1, BTF_INT_BOOL);
  const int verdict = btf__add_enum(btf_, "verdict", 4);
  btf__add_enum_value(btf_, "DROP", 1);
  for (const int type : {bool_type, verdict}) {
    const int outer = StructOf(type, 32, 200);
    ExpectUnwritable(outer, FieldsOf({{"member", Unsigned(1)}}));
    ExpectUnreadable(outer, 32);
  }
  ExpectUnwritable(StructOf(bool_type, 32, 200), FieldsOf({{"member", TextOf("true")}}));
  ExpectUnwritable(StructOf(verdict, 32, 200), FieldsOf({{"member", TextOf("DROP")}}));
}

TEST_F(BrokenBtfTest, AVariableIsNoMember) {
  const int number = btf__add_int(btf_, "int", 4, BTF_INT_SIGNED);
  const int variable = btf__add_var(btf_, "v", BTF_VAR_STATIC, number);
  ExpectUnreadable(StructOf(variable, 4, 0), 4);
}

// Ten unions in each other, of a hundred members each, would have a hundred to the tenth.
TEST_F(BrokenBtfTest, NestedUnionsDoNotMultiplyForEver) {
  int inner = btf__add_int(btf_, "int", 4, BTF_INT_SIGNED);
  int anonymous = inner;
  for (int depth = 0; depth < 10; ++depth) {
    const int named_union = btf__add_union(btf_, "u", 4);
    for (int i = 0; i < 100; ++i) btf__add_field(btf_, ("m" + std::to_string(i)).c_str(), inner, 0, 0);
    const int anonymous_union = btf__add_union(btf_, "", 4);
    for (int i = 0; i < 100; ++i) btf__add_field(btf_, depth == 0 ? "m" : "", anonymous, 0, 0);
    inner = named_union;
    anonymous = anonymous_union;
  }
  ExpectUnreadable(inner, 4);
  ExpectUnreadable(anonymous, 4);
  EXPECT_TRUE(MembersOf(Strip(Ref(anonymous))).empty());
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
