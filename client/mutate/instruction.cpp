#include "client/mutate/instruction.h"

#include <linux/bpf.h>

#include <array>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::mutate {
namespace {

constexpr size_t kSize = sizeof(bpf_insn);

const char* Comparison(uint8_t operation) {
  switch (operation) {
    case BPF_JEQ:
      return "==";
    case BPF_JNE:
      return "!=";
    case BPF_JGT:
      return ">";
    case BPF_JGE:
      return ">=";
    case BPF_JLT:
      return "<";
    case BPF_JLE:
      return "<=";
    case BPF_JSGT:
      return "s>";
    case BPF_JSGE:
      return "s>=";
    case BPF_JSLT:
      return "s<";
    case BPF_JSLE:
      return "s<=";
    default:
      return "&";
  }
}

const char* Assignment(uint8_t operation) {
  switch (operation) {
    case BPF_ADD:
      return "+=";
    case BPF_SUB:
      return "-=";
    case BPF_MUL:
      return "*=";
    case BPF_DIV:
      return "/=";
    case BPF_MOD:
      return "%=";
    case BPF_OR:
      return "|=";
    case BPF_AND:
      return "&=";
    case BPF_XOR:
      return "^=";
    case BPF_LSH:
      return "<<=";
    case BPF_RSH:
      return ">>=";
    case BPF_ARSH:
      return "s>>=";
    default:
      return "=";
  }
}

std::string SourceOf(const Instruction& instruction, char letter) {
  return instruction.TakesRegister() ? absl::StrCat(std::string(1, letter), int{instruction.source})
                                     : absl::StrCat(instruction.immediate);
}

std::string SwapInWords(const Instruction& instruction) {
  return absl::StrCat("r", int{instruction.destination}, " = ", instruction.TakesRegister() ? "be" : "le",
                      instruction.immediate, " r", int{instruction.destination});
}

const char* SizeOf(uint8_t code) {
  switch (BPF_SIZE(code)) {
    case BPF_B:
      return "u8";
    case BPF_H:
      return "u16";
    case BPF_W:
      return "u32";
    default:
      return "u64";
  }
}

std::string StoreInWords(const Instruction& store) {
  const std::string place = absl::StrCat("*(", SizeOf(store.code), " *)(r", int{store.destination},
                                         store.offset < 0 ? " - " : " + ",
                                         store.offset < 0 ? -int{store.offset} : int{store.offset}, ")");
  return store.Class() == BPF_STX ? absl::StrCat(place, " = r", int{store.source})
                                  : absl::StrCat(place, " = ", store.immediate);
}

}  // namespace

bool Instruction::IsArithmetic() const { return Class() == BPF_ALU64 || Class() == BPF_ALU; }

bool Instruction::IsBranch() const {
  if (Class() != BPF_JMP && Class() != BPF_JMP32) return false;
  switch (Operation()) {
    case BPF_JEQ:
    case BPF_JNE:
    case BPF_JGT:
    case BPF_JGE:
    case BPF_JLT:
    case BPF_JLE:
    case BPF_JSGT:
    case BPF_JSGE:
    case BPF_JSLT:
    case BPF_JSLE:
    case BPF_JSET:
      return true;
    default:
      return false;
  }
}

bool Instruction::IsHelperCall() const { return code == (BPF_JMP | BPF_CALL) && source == 0; }

bool Instruction::IsExit() const { return code == (BPF_JMP | BPF_EXIT); }

bool Instruction::IsWide() const { return code == (BPF_LD | BPF_DW | BPF_IMM); }

std::vector<Instruction> Decode(absl::string_view bytes) {
  std::vector<Instruction> instructions;
  instructions.reserve(bytes.size() / kSize);
  for (; bytes.size() >= kSize; bytes.remove_prefix(kSize)) {
    bpf_insn raw;
    std::memcpy(&raw, bytes.data(), kSize);
    instructions.push_back({raw.code, raw.dst_reg, raw.src_reg, raw.off, raw.imm});
  }
  return instructions;
}

std::string Encode(const Instruction& instruction) {
  bpf_insn raw = {};
  raw.code = instruction.code;
  raw.dst_reg = instruction.destination & 0x0fU;
  raw.src_reg = instruction.source & 0x0fU;
  raw.off = instruction.offset;
  raw.imm = instruction.immediate;
  std::string bytes(kSize, '\0');
  std::memcpy(bytes.data(), &raw, kSize);
  return bytes;
}

Instruction Nothing() { return {BPF_JMP | BPF_JA, 0, 0, 0, 0}; }

Instruction Answer(int32_t value) { return {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value}; }

std::string ComparisonOf(const Instruction& branch) {
  return absl::StrCat(Comparison(branch.Operation()), " ",
                      SourceOf(branch, branch.Class() == BPF_JMP32 ? 'w' : 'r'));
}

std::string InWords(const Instruction& instruction) {
  const char letter = instruction.Class() == BPF_JMP32 || instruction.Class() == BPF_ALU ? 'w' : 'r';
  const std::string destination = absl::StrCat(std::string(1, letter), int{instruction.destination});
  if (instruction.IsBranch()) return absl::StrCat(destination, " ", ComparisonOf(instruction));
  if (instruction.Class() == BPF_ST || instruction.Class() == BPF_STX) return StoreInWords(instruction);
  if (instruction.IsWide()) return absl::StrCat(destination, " = ", instruction.immediate);
  if (instruction.Operation() == BPF_END) return SwapInWords(instruction);
  if (instruction.Operation() == BPF_NEG) return absl::StrCat(destination, " = -", destination);
  return absl::StrCat(destination, " ", Assignment(instruction.Operation()), " ",
                      SourceOf(instruction, letter));
}

std::string HelperName(int32_t helper) {
  // Later headers have the number as well: "bind, 64".
#define BPFRIG_NAME(...) #__VA_ARGS__
  static constexpr std::array kNames = {__BPF_FUNC_MAPPER(BPFRIG_NAME)};
#undef BPFRIG_NAME
  if (helper < 0 || static_cast<size_t>(helper) >= kNames.size()) return absl::StrCat("helper ", helper);
  const absl::string_view name = kNames.at(static_cast<size_t>(helper));
  return absl::StrCat("bpf_", name.substr(0, name.find(',')));
}

}  // namespace bpfrig::client::mutate
