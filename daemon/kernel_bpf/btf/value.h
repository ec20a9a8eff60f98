// Value: what a caller says about a piece of kernel memory, before a BTF type decides how it is laid out, and
// what decoding such memory gives. The worker turns protobuf values into these, with every reference (socket,
// program, cookie, tuple) resolved into an integer or bytes; encode.h and decode.h do the rest.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace bpfrig::kernel_bpf {

// Of an expected value: nothing is said about the target, whatever it is.
struct Unsaid {};

// Memory as it is; its size must be the type's.
struct RawBytes {
  std::string bytes;
};

// An enumerator's name, "true" or "false", a decimal fraction, or the characters of a char array.
struct Text {
  std::string text;
};

// Bytes at the start of the target, the rest zero: addresses, tuples, `!text`.
struct PrefixBytes {
  std::string bytes;
};

// A number in network order, at the start of an integer of at least `bits` (16, 32 or 64).
struct NetworkInteger {
  uint32_t bits = 0;
  uint64_t value = 0;
};

struct Value;
struct Field;
using List = std::vector<Value>;
// Members of a struct, union or data section, in the order given.
using Fields = std::vector<Field>;

// int64_t is for negative numbers by convention, but both types can hold any number that they fit.
struct Value {
  std::variant<uint64_t, int64_t, RawBytes, Text, List, Fields, PrefixBytes, NetworkInteger, Unsaid> kind;
};

struct Field {
  std::string name;
  Value value;
};

bool operator==(const Value& a, const Value& b);
inline bool operator!=(const Value& a, const Value& b) { return !(a == b); }

inline Value Unsigned(uint64_t number) { return Value{number}; }
inline Value Signed(int64_t number) { return Value{number}; }
inline Value Raw(std::string bytes) { return Value{RawBytes{std::move(bytes)}}; }
inline Value TextOf(std::string text) { return Value{Text{std::move(text)}}; }
inline Value ListOf(List list) { return Value{std::move(list)}; }
inline Value FieldsOf(Fields fields) { return Value{std::move(fields)}; }
inline Value Prefix(std::string bytes) { return Value{PrefixBytes{std::move(bytes)}}; }
inline Value Network(uint32_t bits, uint64_t number) { return Value{NetworkInteger{bits, number}}; }

}  // namespace bpfrig::kernel_bpf
