#include "daemon/kernel_bpf/btf/encode.h"

#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;

// The types of a small object, built by hand so that the test needs no compiler.
class EncodeTest : public testing::Test {
 protected:
  EncodeTest() : types_(btf__new_empty()), btf_(const_cast<struct btf*>(types_.types().get())) {
    u8_ = Typedef("__u8", btf__add_int(btf_, "unsigned char", 1, 0));
    u16_ = Typedef("__u16", btf__add_int(btf_, "unsigned short", 2, 0));
    u32_ = Typedef("__u32", btf__add_int(btf_, "unsigned int", 4, 0));
    u64_ = Typedef("__u64", btf__add_int(btf_, "unsigned long long", 8, 0));
    s32_ = btf__add_int(btf_, "int", 4, BTF_INT_SIGNED);
    char_ = btf__add_int(btf_, "char", 1, BTF_INT_SIGNED);
    bool_ = btf__add_int(btf_, "_Bool", 1, BTF_INT_BOOL);
    i128_ = btf__add_int(btf_, "__int128", 16, BTF_INT_SIGNED);
    AddVerdict();
  }

  int Typedef(const char* name, int id) { return btf__add_typedef(btf_, name, id); }
  int Array(int id, uint32_t count) { return btf__add_array(btf_, u32_, id, count); }
  void AddVerdict() {
    verdict_ = btf__add_enum(btf_, "verdict", 4);
    btf__add_enum_value(btf_, "DROP", 0);
    btf__add_enum_value(btf_, "PASS", 1);
    btf__add_enum_value(btf_, "WORSE", -7);
  }
  // struct outer { __u16 port; /* hole */ union { __u32 v4; __u8 v6[16]; }; char comm[8]; };
  int AddOuter() {
    int v6 = Array(u8_, 16);
    int comm = Array(char_, 8);
    int inner = btf__add_union(btf_, "", 16);
    btf__add_field(btf_, "v4", u32_, 0, 0);
    btf__add_field(btf_, "v6", v6, 0, 0);
    int outer = btf__add_struct(btf_, "outer", 28);
    btf__add_field(btf_, "port", u16_, 0, 0);
    btf__add_field(btf_, "", inner, 4 * 8, 0);
    btf__add_field(btf_, "comm", comm, 20 * 8, 0);
    return outer;
  }
  // struct bits { __u32 low : 3; __s32 middle : 7; __u32 : 2; __u32 high : 20; };
  int AddBits() {
    int bits = btf__add_struct(btf_, "bits", 4);
    btf__add_field(btf_, "low", u32_, 0, 3);
    btf__add_field(btf_, "middle", s32_, 3, 7);
    btf__add_field(btf_, "high", u32_, 12, 20);
    return bits;
  }
  TypeRef Ref(int id) const { return {btf_, static_cast<uint32_t>(id)}; }

  std::string Bytes(int id, const Value& value) {
    absl::StatusOr<Encoded> encoded = Encode(Ref(id), value);
    EXPECT_TRUE(encoded.ok()) << encoded.status();
    return encoded.ok() ? encoded->bytes : "";
  }
  void ExpectRefused(int id, const Value& value, Reason reason, absl::string_view field,
                     absl::string_view part) {
    absl::Status status = Encode(Ref(id), value).status();
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(DetailOf(status).reason, reason) << status;
    EXPECT_EQ(DetailOf(status).field, field) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(part)));
  }

  BtfTypes types_;
  struct btf* btf_;
  int u8_, u16_, u32_, u64_, s32_, char_, bool_, i128_, verdict_;
};

std::string Chars(std::initializer_list<int> bytes) {
  std::string text;
  for (int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

TEST_F(EncodeTest, WritesIntegersInHostOrder) {
  EXPECT_EQ(Bytes(u16_, Unsigned(0x1234)), Chars({0x34, 0x12}));
  EXPECT_EQ(Bytes(s32_, Signed(-2)), Chars({0xfe, 0xff, 0xff, 0xff}));
  EXPECT_EQ(Bytes(u64_, Unsigned(~uint64_t{0})), std::string(8, '\xff'));
  EXPECT_EQ(Bytes(s32_, Unsigned(0x7fffffff)), Chars({0xff, 0xff, 0xff, 0x7f}));
}

TEST_F(EncodeTest, RefusesNumbersThatDoNotFit) {
  ExpectRefused(u8_, Unsigned(256), Reason::kOutOfRange, "",
                "the value is a __u8 of 1 byte; 256 does not fit");
  ExpectRefused(u32_, Signed(-1), Reason::kOutOfRange, "", "-1 does not fit");
  ExpectRefused(s32_, Unsigned(0x80000000), Reason::kOutOfRange, "", "2147483648 does not fit");
  ExpectRefused(i128_, Unsigned(1), Reason::kTypeMismatch, "", "!hex");
}

TEST_F(EncodeTest, WritesBoolsAndEnumerators) {
  EXPECT_EQ(Bytes(bool_, TextOf("true")), Chars({1}));
  EXPECT_EQ(Bytes(bool_, Unsigned(0)), Chars({0}));
  EXPECT_EQ(Bytes(verdict_, TextOf("PASS")), Chars({1, 0, 0, 0}));
  EXPECT_EQ(Bytes(verdict_, TextOf("WORSE")), Chars({0xf9, 0xff, 0xff, 0xff}));
  EXPECT_EQ(Bytes(verdict_, Unsigned(77)), Chars({77, 0, 0, 0}));
  ExpectRefused(bool_, TextOf("yes"), Reason::kUnknownName, "", "true or false");
  ExpectRefused(verdict_, TextOf("PAS"), Reason::kUnknownName, "", "no enumerator \"PAS\" but PASS");
}

TEST_F(EncodeTest, NamesMembersOfAnonymousUnionsAsTheOuterTypes) {
  int outer = AddOuter();
  std::string bytes = Bytes(outer, FieldsOf({{"port", Network(16, 8080)},
                                             {"v4", Prefix(Chars({10, 96, 0, 1}))},
                                             {"comm", TextOf("curl")}}));
  EXPECT_EQ(bytes,
            Chars({0x1f, 0x90, 0, 0, 10, 96, 0, 1}) + std::string(12, '\0') + "curl" + std::string(4, '\0'));
}

TEST_F(EncodeTest, MasksOnlyWhatTheValueSays) {
  int outer = AddOuter();
  absl::StatusOr<Encoded> encoded =
      Encode(Ref(outer), FieldsOf({{"port", Unsigned(1)}, {"comm", TextOf("a")}}));
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  EXPECT_EQ(encoded->mask, "\xff\xff" + std::string(18, '\0') + std::string(8, '\xff'));
}

TEST_F(EncodeTest, SaysWhichMemberAndWhatItIs) {
  int outer = AddOuter();
  ExpectRefused(outer, FieldsOf({{"prt", Unsigned(1)}}), Reason::kUnknownName, "prt",
                "struct outer has no member \"prt\"; it has port, comm, v4, v6");
  ExpectRefused(outer, FieldsOf({{"port", Unsigned(1)}, {"port", Unsigned(2)}}), Reason::kDuplicateName,
                "port", "given twice");
  ExpectRefused(outer, FieldsOf({{"v4", Prefix(std::string(16, '\1'))}}), Reason::kTypeMismatch, "v4",
                "\"v4\" is a __u32 of 4 bytes; the value has 16 bytes");
  ExpectRefused(outer, FieldsOf({{"v6", ListOf({Unsigned(1), Unsigned(2), Unsigned(300)})}}),
                Reason::kOutOfRange, "v6[2]", "\"v6\" is a __u8 of 1 byte; 300");
  ExpectRefused(outer, FieldsOf({{"v6", ListOf(List(17, Unsigned(1)))}}), Reason::kTypeMismatch, "v6",
                "\"v6\" is an array of 16 __u8, the list has 17");
  ExpectRefused(outer, FieldsOf({{"comm", TextOf("too long a name")}}), Reason::kTypeMismatch, "comm",
                "the text has 15 characters");
  ExpectRefused(outer, Unsigned(3), Reason::kTypeMismatch, "", "a struct outer of 28 bytes; a number");
  ExpectRefused(outer, Raw("short"), Reason::kTypeMismatch, "", "the raw value has 5 bytes");
}

TEST_F(EncodeTest, WritesBitfieldsIntoTheirBits) {
  int bits = AddBits();
  Value value = FieldsOf({{"low", Unsigned(5)}, {"middle", Signed(-3)}, {"high", Unsigned(0xabcde)}});
  absl::StatusOr<Encoded> encoded = Encode(Ref(bits), value);
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  uint32_t word = 5 | (0x7d << 3) | (0xabcdeU << 12);
  EXPECT_EQ(encoded->bytes, std::string(reinterpret_cast<char*>(&word), 4));
  EXPECT_EQ(encoded->mask, Chars({0xff, 0xf3, 0xff, 0xff}));
  EXPECT_EQ(Decode(Ref(bits), encoded->bytes).value(), value);
  ExpectRefused(bits, FieldsOf({{"low", Unsigned(8)}}), Reason::kOutOfRange, "low",
                "\"low\" is a __u32 bitfield of 3 bits; 8");
  ExpectRefused(bits, FieldsOf({{"middle", Signed(-65)}}), Reason::kOutOfRange, "middle", "-65");
  ExpectRefused(bits, FieldsOf({{"high", Network(16, 1)}}), Reason::kTypeMismatch, "high", "network integer");
}

TEST_F(EncodeTest, PutsNetworkIntegersFirstInWiderIntegers) {
  EXPECT_EQ(Bytes(u32_, Network(16, 0x1234)), Chars({0x12, 0x34, 0, 0}));
  ExpectRefused(u16_, Network(32, 1), Reason::kTypeMismatch, "", "4 bytes does not go");
  ExpectRefused(u16_, Network(16, 65536), Reason::kOutOfRange, "", "65536");
}

TEST_F(EncodeTest, KeepsOtherVariablesOfADataSection) {
  int a = btf__add_var(btf_, "limit", BTF_VAR_GLOBAL_ALLOCATED, u32_);
  int b = btf__add_var(btf_, "name", BTF_VAR_GLOBAL_ALLOCATED, Array(char_, 4));
  int section = btf__add_datasec(btf_, ".data", 8);
  btf__add_datasec_var_info(btf_, a, 0, 4);
  btf__add_datasec_var_info(btf_, b, 4, 4);
  std::string bytes = Chars({1, 2, 3, 4}) + "abcd";
  ASSERT_TRUE(EncodeInto(Ref(section), FieldsOf({{"name", TextOf("z")}}), bytes).ok());
  EXPECT_EQ(bytes, Chars({1, 2, 3, 4, 'z', 0, 0, 0}));
  absl::Status status =
      EncodeInto(Ref(section), FieldsOf({{"limit", Unsigned(9)}, {"nam", Unsigned(1)}}), bytes);
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnknownName);
  EXPECT_EQ(bytes, Chars({1, 2, 3, 4, 'z', 0, 0, 0})) << "nothing is written on an error";
}

TEST_F(EncodeTest, WritesPointersAsNumbersOrBytes) {
  const int pointer = btf__add_ptr(btf_, u32_);
  EXPECT_EQ(Bytes(pointer, Unsigned(0)), std::string(8, '\0'));
  EXPECT_EQ(Bytes(pointer, Unsigned(0x1234)), Chars({0x34, 0x12, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(Bytes(pointer, Raw("12345678")), "12345678");
  EXPECT_EQ(Decode(Ref(pointer), Chars({0x34, 0x12, 0, 0, 0, 0, 0, 0})).value(), Unsigned(0x1234));
  ExpectRefused(pointer, TextOf("NULL"), Reason::kTypeMismatch, "", "text does not go into a pointer");
  ExpectRefused(pointer, Raw("1"), Reason::kTypeMismatch, "", "pointer to __u32 of 8 bytes");
}

TEST_F(EncodeTest, RefusesFunctionsAndForwardDeclarations) {
  ExpectRefused(btf__add_func_proto(btf_, u32_), Unsigned(1), Reason::kNoType, "", "no size");
  ExpectRefused(btf__add_fwd(btf_, "hidden", BTF_FWD_STRUCT), Unsigned(1), Reason::kNoType, "",
                "struct hidden is only declared");
}

TEST_F(EncodeTest, ReadsFloatsAsDecimals) {
  int number = btf__add_float(btf_, "double", 8);
  double expected = -2.5;
  EXPECT_EQ(Bytes(number, TextOf("-2.5")), std::string(reinterpret_cast<char*>(&expected), 8));
  EXPECT_EQ(Decode(Ref(number), Bytes(number, TextOf("-2.5"))).value(), TextOf("-2.5"));
  ExpectRefused(number, TextOf("x"), Reason::kTypeMismatch, "", "decimal");
  int narrow = btf__add_float(btf_, "float", 4);
  EXPECT_EQ(Decode(Ref(narrow), Bytes(narrow, TextOf("0.1"))).value(), TextOf("0.100000001"));
  EXPECT_EQ(Decode(Ref(narrow), std::string(4, '\xff')).value(), Raw(std::string(4, '\xff')))
      << "not a number";
}

TEST_F(EncodeTest, HandlesFlexibleArrays) {
  int flexible = btf__add_struct(btf_, "flexible", 4);
  btf__add_field(btf_, "count", u32_, 0, 0);
  int tail = Array(u32_, 0);
  int with_tail = btf__add_struct(btf_, "with_tail", 4);
  btf__add_field(btf_, "count", u32_, 0, 0);
  btf__add_field(btf_, "tail", tail, 32, 0);
  EXPECT_EQ(Decode(Ref(with_tail), Bytes(flexible, FieldsOf({{"count", Unsigned(3)}}))).value(),
            FieldsOf({{"count", Unsigned(3)}, {"tail", ListOf({})}}));
  const Value two = FieldsOf({{"count", Unsigned(2)}, {"tail", ListOf({Unsigned(7), Unsigned(8)})}});
  const std::string bytes = Bytes(with_tail, two);
  EXPECT_EQ(bytes, Chars({2, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0}));
  EXPECT_EQ(Decode(Ref(with_tail), bytes).value(), two);
  EXPECT_EQ(Decode(Ref(with_tail), bytes + "abc").value(), two) << "no whole element";
  std::string held(4, '\0');
  EXPECT_FALSE(EncodeInto(Ref(with_tail), two, held).ok()) << "memory of one size has no room for elements";
  const int outer = btf__add_struct(btf_, "outer", 8);
  btf__add_field(btf_, "first", u32_, 0, 0);
  btf__add_field(btf_, "rest", with_tail, 32, 0);
  EXPECT_EQ(Bytes(outer, FieldsOf({{"rest", two}})), Chars({0, 0, 0, 0}) + bytes);
  const int between = btf__add_struct(btf_, "between", 8);
  btf__add_field(btf_, "none", tail, 0, 0);
  btf__add_field(btf_, "last", u64_, 0, 0);
  ExpectRefused(between, FieldsOf({{"none", ListOf({Unsigned(1)})}}), Reason::kTypeMismatch, "none",
                "array of 0");
}

TEST_F(EncodeTest, WritesTextWithItsEndAndBytesAsTheyAreIntoAFlexibleArray) {
  const int tail = Array(char_, 0);
  const int line = btf__add_struct(btf_, "line", 1);
  btf__add_field(btf_, "size", u8_, 0, 0);
  btf__add_field(btf_, "text", tail, 8, 0);
  EXPECT_EQ(Bytes(line, FieldsOf({{"text", TextOf("hello")}})), std::string("\0hello\0", 7));
  EXPECT_EQ(Bytes(line, FieldsOf({{"text", Prefix("hello")}})), std::string("\0hello", 6));
  EXPECT_EQ(Bytes(line, FieldsOf({{"text", Raw("ab")}})), std::string("\0ab", 3));
  EXPECT_EQ(Decode(Ref(line), std::string("\0hello", 6)).value(),
            FieldsOf({{"size", Unsigned(0)}, {"text", TextOf("hello")}}));
}

TEST_F(EncodeTest, JoinsEnumeratorsAsFlags) {
  EXPECT_EQ(Bytes(verdict_, TextOf("DROP|PASS")), Chars({1, 0, 0, 0}));
  const int flags = btf__add_enum(btf_, "flags", 4);
  btf__add_enum_value(btf_, "A", 1);
  btf__add_enum_value(btf_, "C", 4);
  EXPECT_EQ(Bytes(flags, TextOf("A | C")), Chars({5, 0, 0, 0}));
  ExpectRefused(flags, TextOf("A|B"), Reason::kUnknownName, "", "no enumerator \"B\" but A, C");
}

TEST_F(EncodeTest, RefusesTwoMembersOfOneUnion) {
  const int outer = AddOuter();
  ExpectRefused(outer, FieldsOf({{"v4", Unsigned(1)}, {"port", Unsigned(2)}, {"v6", ListOf({})}}),
                Reason::kDuplicateName, "v6", "\"v4\" and \"v6\" are members of one union");
}

TEST_F(EncodeTest, NeverUsesEnumeratorsThatTheCompilerCut) {
  const int cut = btf__add_enum(btf_, "big", 8);
  btf__add_enum_value(btf_, "SMALL", 1);
  btf__add_enum_value(btf_, "BIG", 0x56789abc);
  ExpectRefused(cut, TextOf("BIG"), Reason::kTypeMismatch, "", "cuts the values of 64-bit enums");
  EXPECT_EQ(Bytes(cut, Unsigned(0x123456789abc)), Chars({0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0}));
  EXPECT_EQ(Bytes(cut, Signed(-1)), std::string(8, '\xff'));
  EXPECT_EQ(Decode(Ref(cut), Chars({1, 0, 0, 0, 0, 0, 0, 0})).value(), Unsigned(1));
  const int whole = btf__add_enum64(btf_, "whole", 8, false);
  btf__add_enum64_value(btf_, "BIG", 0x123456789abc);
  EXPECT_EQ(Bytes(whole, TextOf("BIG")), Chars({0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0}));
}

TEST_F(EncodeTest, DecodesCharactersAsTextOnlyWhenTheyAreText) {
  int comm = Array(char_, 4);
  EXPECT_EQ(Decode(Ref(comm), std::string("ab\0\0", 4)).value(), TextOf("ab"));
  EXPECT_EQ(Decode(Ref(comm), "abcd").value(), TextOf("abcd"));
  EXPECT_EQ(Decode(Ref(comm), std::string("a\0b\0", 4)).value(), Raw(std::string("a\0b\0", 4)));
  EXPECT_EQ(Decode(Ref(comm), "ab\xff\x01").value(), Raw("ab\xff\x01"));
  EXPECT_EQ(Decode(Ref(comm), "abc").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EncodeTest, DecodesOddBoolsAndEnumsAsNumbers) {
  EXPECT_EQ(Decode(Ref(bool_), Chars({7})).value(), Unsigned(7));
  EXPECT_EQ(Bytes(bool_, Unsigned(7)), Chars({7}));
  EXPECT_EQ(Decode(Ref(verdict_), Chars({9, 0, 0, 0})).value(), Signed(9));
  EXPECT_EQ(Decode(Ref(verdict_), Chars({1, 0, 0, 0})).value(), TextOf("PASS"));
}

TEST_F(EncodeTest, HandlesSixtyFourBitEnums) {
  int large = btf__add_enum64(btf_, "large", 8, false);
  btf__add_enum64_value(btf_, "HUGE", 0x123456789abcdef0);
  EXPECT_EQ(Decode(Ref(large), Bytes(large, TextOf("HUGE"))).value(), TextOf("HUGE"));
  EXPECT_EQ(Decode(Ref(large), std::string(8, '\xff')).value(), Unsigned(~uint64_t{0}));
}

TEST_F(EncodeTest, SurvivesBrokenBtf) {
  int lies = btf__add_struct(btf_, "lies", 4);
  btf__add_field(btf_, "far", u32_, 400 * 8, 0);
  EXPECT_EQ(DetailOf(Encode(Ref(lies), FieldsOf({{"far", Unsigned(1)}})).status()).reason,
            Reason::kBadObject);
  EXPECT_EQ(DetailOf(Decode(Ref(lies), "abcd").status()).reason, Reason::kBadObject);
  EXPECT_EQ(DetailOf(Decode(Ref(4711), "abcd").status()).reason, Reason::kBadObject);
}

TEST(EncodeBySizeTest, TakesNumbersAndBytes) {
  EXPECT_EQ(EncodeBySize(4, Unsigned(7), "the key")->bytes, Chars({7, 0, 0, 0}));
  EXPECT_EQ(EncodeBySize(6, Prefix("ab"), "the key")->bytes, std::string("ab\0\0\0\0", 6));
  EXPECT_EQ(DetailOf(EncodeBySize(1, Unsigned(256), "the key").status()).reason, Reason::kOutOfRange);
  EXPECT_EQ(DetailOf(EncodeBySize(3, Unsigned(1), "the key").status()).reason, Reason::kTypeMismatch);
  EXPECT_EQ(DetailOf(EncodeBySize(4, Raw("ab"), "the key").status()).reason, Reason::kTypeMismatch);
  EXPECT_EQ(DetailOf(EncodeBySize(4, ListOf({}), "the key").status()).reason, Reason::kTypeMismatch);
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
