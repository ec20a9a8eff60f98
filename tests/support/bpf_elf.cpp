#include "tests/support/bpf_elf.h"

#include <elf.h>

#include <array>

namespace bpfrig::tests {
namespace {

// Indexes of the sections.
enum : uint16_t { kNull, kNames, kSymbols, kProgram, kLicense, kSections };

template <typename T>
std::string Bytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

bpf_insn Instruction(int code, uint8_t to, uint8_t from, int16_t offset, int32_t value) {
  bpf_insn instruction{};
  instruction.code = static_cast<uint8_t>(code);
  instruction.dst_reg = to & 0xf;
  instruction.src_reg = from & 0xf;
  instruction.off = offset;
  instruction.imm = value;
  return instruction;
}

}  // namespace

std::string MakeBpfElf(const std::string& section, const std::vector<bpf_insn>& instructions) {
  std::string names(1, '\0');
  const auto add_name = [&](const std::string& name) {
    const auto offset = static_cast<uint32_t>(names.size());
    names += name + '\0';
    return offset;
  };
  std::array<Elf64_Shdr, kSections> headers{};
  headers[kNames].sh_type = SHT_STRTAB;
  headers[kSymbols].sh_type = SHT_SYMTAB;
  headers[kSymbols].sh_link = kNames;
  headers[kSymbols].sh_info = 1;
  headers[kSymbols].sh_entsize = sizeof(Elf64_Sym);
  headers[kProgram].sh_type = SHT_PROGBITS;
  headers[kProgram].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  headers[kLicense].sh_type = SHT_PROGBITS;
  headers[kLicense].sh_flags = SHF_ALLOC | SHF_WRITE;
  headers[kNames].sh_name = add_name(".strtab");
  headers[kSymbols].sh_name = add_name(".symtab");
  headers[kProgram].sh_name = add_name(section);
  headers[kLicense].sh_name = add_name("license");
  Elf64_Sym symbol{};
  symbol.st_name = add_name("prog");
  symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
  symbol.st_shndx = kProgram;
  symbol.st_size = instructions.size() * sizeof(bpf_insn);

  std::array<std::string, kSections> contents;
  contents[kNames] = names;
  contents[kSymbols] = Bytes(Elf64_Sym{}) + Bytes(symbol);
  for (const bpf_insn& instruction : instructions) contents[kProgram] += Bytes(instruction);
  contents[kLicense] = std::string("GPL") + '\0';

  std::string body;
  for (size_t i = kNames; i < kSections; ++i) {
    body.resize((body.size() + 7) / 8 * 8);
    headers[i].sh_offset = sizeof(Elf64_Ehdr) + body.size();
    headers[i].sh_size = contents[i].size();
    headers[i].sh_addralign = 8;
    body += contents[i];
  }
  body.resize((body.size() + 7) / 8 * 8);
  Elf64_Ehdr header{};
  header.e_ident[EI_MAG0] = ELFMAG0;
  header.e_ident[EI_MAG1] = ELFMAG1;
  header.e_ident[EI_MAG2] = ELFMAG2;
  header.e_ident[EI_MAG3] = ELFMAG3;
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_BPF;
  header.e_version = EV_CURRENT;
  header.e_shoff = sizeof(Elf64_Ehdr) + body.size();
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = kSections;
  header.e_shstrndx = kNames;
  return Bytes(header) + body + Bytes(headers);
}

bpf_insn CallHelper(int32_t id) { return Instruction(BPF_JMP | BPF_CALL, 0, 0, 0, id); }

bpf_insn CallKfunc(int32_t btf_id, int16_t module) {
  return Instruction(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, module, btf_id);
}

bpf_insn SetRegister(uint8_t to, int32_t value) {
  return Instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

bpf_insn CopyRegister(uint8_t to, uint8_t from) {
  return Instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

bpf_insn SkipIfZero(uint8_t number, int16_t instructions) {
  return Instruction(BPF_JMP | BPF_JEQ | BPF_K, number, 0, instructions, 0);
}

bpf_insn Exit() { return Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

}  // namespace bpfrig::tests
