#include "client/mutate/mutators.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/mutate/verdicts.h"

namespace bpfrig::client::mutate {
namespace {

// An instruction that may be changed, in its program; and where the changes go.
class Changes {
 public:
  Changes(const Program& program, size_t index, std::vector<Mutation>& mutations)
      : program_(program), index_(index), mutations_(mutations), first_(mutations.size()) {}

  [[nodiscard]] const Instruction& Old() const { return program_.instructions()[index_]; }
  [[nodiscard]] const Program& program() const { return program_; }
  // The one that stands so much further on; null if there is none.
  [[nodiscard]] const Instruction* Near(int distance) const {
    const auto& all = program_.instructions();
    const auto index = static_cast<int64_t>(index_) + distance;
    return index < 0 || index >= static_cast<int64_t>(all.size()) ? nullptr
                                                                  : &all[static_cast<size_t>(index)];
  }
  [[nodiscard]] size_t index() const { return index_; }

  void Add(const char* kind, const Instruction& code, std::string what) {
    const auto is_same = [&](const Mutation& mutation) { return mutation.code == code; };
    const auto begin = mutations_.begin() + static_cast<std::ptrdiff_t>(first_);
    if (code == Old() || std::any_of(begin, mutations_.end(), is_same)) return;
    mutations_.push_back({static_cast<uint32_t>(index_), code, kind, std::move(what)});
  }
  void AddChanged(const char* kind, const Instruction& code) {
    Add(kind, code, absl::StrCat("`", InWords(Old()), "` became `", InWords(code), "`"));
  }

 private:
  const Program& program_;
  const size_t index_;
  std::vector<Mutation>& mutations_;
  const size_t first_;
};

Instruction WithOperation(Instruction instruction, uint8_t operation) {
  instruction.code = static_cast<uint8_t>((instruction.code & 0x0f) | operation);
  return instruction;
}

Instruction WithImmediate(Instruction instruction, int64_t immediate) {
  instruction.immediate = static_cast<int32_t>(immediate);
  return instruction;
}

std::optional<uint8_t> OppositeOf(uint8_t comparison) {
  switch (comparison) {
    case BPF_JEQ:
      return BPF_JNE;
    case BPF_JNE:
      return BPF_JEQ;
    case BPF_JGT:
      return BPF_JLE;
    case BPF_JLE:
      return BPF_JGT;
    case BPF_JGE:
      return BPF_JLT;
    case BPF_JLT:
      return BPF_JGE;
    case BPF_JSGT:
      return BPF_JSLE;
    case BPF_JSLE:
      return BPF_JSGT;
    case BPF_JSGE:
      return BPF_JSLT;
    case BPF_JSLT:
      return BPF_JSGE;
    default:
      return std::nullopt;
  }
}

// The comparison with or without equality, and what must be added to a constant for the opposite effect.
struct Bound {
  uint8_t comparison;
  int other_way;
};
std::optional<Bound> BoundOf(uint8_t comparison) {
  switch (comparison) {
    case BPF_JGT:
      return Bound{BPF_JGE, +1};
    case BPF_JSGT:
      return Bound{BPF_JSGE, +1};
    case BPF_JGE:
      return Bound{BPF_JGT, -1};
    case BPF_JSGE:
      return Bound{BPF_JSGT, -1};
    case BPF_JLT:
      return Bound{BPF_JLE, -1};
    case BPF_JSLT:
      return Bound{BPF_JSLE, -1};
    case BPF_JLE:
      return Bound{BPF_JLT, +1};
    case BPF_JSLE:
      return Bound{BPF_JSLT, +1};
    default:
      return std::nullopt;
  }
}

void MutateBranch(Changes& changes) {
  const Instruction& old = changes.Old();
  if (const auto opposite = OppositeOf(old.Operation())) {
    changes.AddChanged("branch", WithOperation(old, *opposite));
  }
  // A register is always what it is. A plain jump would leave code behind it that nothing reaches, which the
  // verifier refuses.
  for (const bool is_taken : {true, false}) {
    const auto comparison = static_cast<uint8_t>(is_taken ? BPF_JEQ : BPF_JNE);
    const Instruction itself{static_cast<uint8_t>(BPF_JMP | comparison | BPF_X), old.destination,
                             old.destination, old.offset, 0};
    changes.Add("branch", itself,
                absl::StrCat("`", InWords(old), "` was ", is_taken ? "always" : "never", " so"));
  }
  const auto bound = BoundOf(old.Operation());
  if (bound) changes.AddChanged("bound", WithOperation(old, bound->comparison));
  if (old.TakesRegister()) return;
  // What the other comparison does is not done again with a constant.
  if (!bound || bound->other_way > 0)
    changes.AddChanged("constant", WithImmediate(old, int64_t{old.immediate} + 1));
  if (!bound || bound->other_way < 0)
    changes.AddChanged("constant", WithImmediate(old, int64_t{old.immediate} - 1));
}

std::optional<uint8_t> ExchangedFor(uint8_t operation) {
  switch (operation) {
    case BPF_ADD:
      return BPF_SUB;
    case BPF_SUB:
      return BPF_ADD;
    case BPF_MUL:
      return BPF_DIV;
    case BPF_DIV:
    case BPF_MOD:
      return BPF_MUL;
    case BPF_AND:
      return BPF_OR;
    case BPF_OR:
    case BPF_XOR:
      return BPF_AND;
    case BPF_LSH:
      return BPF_RSH;
    case BPF_RSH:
    case BPF_ARSH:
      return BPF_LSH;
    default:
      return std::nullopt;
  }
}

bool IsShift(const Instruction& instruction, uint8_t operation) {
  return instruction.IsArithmetic() && !instruction.TakesRegister() && instruction.Operation() == operation;
}

// Half of a pair that compilers make to extend a number: a shift to the left and back.
bool IsExtension(const Changes& changes) {
  const auto is_pair = [](const Instruction* left, const Instruction* right) {
    return left != nullptr && right != nullptr && IsShift(*left, BPF_LSH) &&
           (IsShift(*right, BPF_RSH) || IsShift(*right, BPF_ARSH)) && left->immediate == right->immediate &&
           left->destination == right->destination;
  };
  return is_pair(&changes.Old(), changes.Near(1)) || is_pair(changes.Near(-1), &changes.Old());
}

// The address of something on the stack: the frame's, and a distance.
bool IsStackAddress(const Changes& changes) {
  const Instruction* before = changes.Near(-1);
  return before != nullptr && before->code == (BPF_ALU64 | BPF_MOV | BPF_X) && before->source == BPF_REG_10 &&
         changes.Old().Operation() == BPF_ADD && before->destination == changes.Old().destination;
}

// Whether the value goes to the program's end from here as it is.
bool IsReturned(const Changes& changes) {
  const Instruction* next = changes.Near(1);
  for (int distance = 1, hops = 0; next != nullptr && hops < 8; ++hops) {
    if (next->IsExit()) return true;
    if (next->code != (BPF_JMP | BPF_JA)) return false;
    distance += 1 + next->offset;
    next = changes.Near(distance);
  }
  return false;
}

// True if it is a verdict: then no other constant is put there, as most types have no more than two.
bool MutateVerdict(Changes& changes) {
  const Instruction& old = changes.Old();
  const std::string& type = changes.program().type();
  const bool is_own = changes.program().PlaceOf(changes.index()).function == changes.program().name();
  if (!is_own || old.destination != BPF_REG_0 || !IsReturned(changes)) return false;
  const auto other = OtherVerdict(type, old.immediate);
  if (!other) return false;
  changes.Add("verdict", WithImmediate(old, *other),
              absl::StrCat("the verdict ", NameOfVerdict(type, old.immediate), " became ",
                           NameOfVerdict(type, *other)));
  return true;
}

void MutateConstant(Changes& changes) {
  const Instruction& old = changes.Old();
  changes.AddChanged("constant", WithImmediate(old, int64_t{old.immediate} + 1));
  changes.AddChanged("constant", WithImmediate(old, int64_t{old.immediate} - 1));
}

void MutateArithmetic(Changes& changes) {
  const Instruction& old = changes.Old();
  switch (old.Operation()) {
    case BPF_END: {
      // A number in the machine's own order is only cut to its size.
      Instruction unswapped = old;
      unswapped.code = static_cast<uint8_t>(old.code & ~BPF_TO_BE);
      if (old.Class() == BPF_ALU && old.TakesRegister()) {
        changes.Add("byte swap", unswapped, absl::StrCat("the byte swap `", InWords(old), "` was left out"));
      }
      return;
    }
    case BPF_NEG:
      changes.Add("arithmetic", Nothing(), absl::StrCat("`", InWords(old), "` was left out"));
      return;
    case BPF_MOV:
      if (old.TakesRegister()) return;
      if (!MutateVerdict(changes)) MutateConstant(changes);
      return;
    default:
      break;
  }
  if (IsStackAddress(changes) || IsExtension(changes)) return;
  if (const auto other = ExchangedFor(old.Operation())) {
    changes.AddChanged("arithmetic", WithOperation(old, *other));
  }
  if (!old.TakesRegister()) MutateConstant(changes);
}

void MutateStore(Changes& changes) {
  const Instruction& old = changes.Old();
  const uint8_t mode = BPF_MODE(old.code);
  if (mode == BPF_ATOMIC) {
    changes.Add("store", Nothing(), "an atomic operation was left out");
    return;
  }
  if (mode != BPF_MEM) return;
  if (old.Class() == BPF_ST) MutateConstant(changes);
  if (old.destination != BPF_REG_10) {
    changes.Add("store", Nothing(), absl::StrCat("the store `", InWords(old), "` was left out"));
  } else if (old.Class() == BPF_STX) {
    // Left out, it would leave what the last program to use that stack wrote there: often the same.
    Instruction other = old;
    other.code = static_cast<uint8_t>(BPF_ST | BPF_MEM | BPF_SIZE(old.code));
    other.source = 0;
    other.immediate = -1;
    changes.AddChanged("store", other);
  }
}

// Calls that end what another call began: without them the verifier refuses the program, or something stays
// locked. They stay.
bool IsPaired(int32_t helper) {
  static const std::set<int32_t> kPaired = {
      BPF_FUNC_sk_release,
      BPF_FUNC_spin_lock,
      BPF_FUNC_spin_unlock,
      BPF_FUNC_kptr_xchg,
      BPF_FUNC_ringbuf_reserve_dynptr,
      BPF_FUNC_ringbuf_submit_dynptr,
      BPF_FUNC_ringbuf_discard_dynptr,
  };
  return kPaired.count(helper) > 0;
}

void MutateHelperCall(Changes& changes) {
  const Instruction& old = changes.Old();
  const std::string name = HelperName(old.immediate);
  if (IsPaired(old.immediate)) return;
  switch (old.immediate) {
    case BPF_FUNC_ringbuf_submit:
      changes.Add("call", WithImmediate(old, BPF_FUNC_ringbuf_discard),
                  "the record was discarded, not submitted");
      return;
    case BPF_FUNC_ringbuf_discard:
      changes.Add("call", WithImmediate(old, BPF_FUNC_ringbuf_submit),
                  "the record was submitted, not discarded");
      return;
    case BPF_FUNC_map_update_elem:
    case BPF_FUNC_map_delete_elem:
    case BPF_FUNC_map_push_elem:
    case BPF_FUNC_tail_call:
      changes.Add("call", Answer(0), absl::StrCat(name, " was skipped"));
      return;
    default:
      changes.Add("call", Answer(0), absl::StrCat(name, " answered 0 and was not called"));
      changes.Add("call", Answer(-EINVAL), absl::StrCat(name, " answered an error and was not called"));
  }
}

}  // namespace

std::vector<Mutation> MutationsOf(const Program& program) {
  std::vector<Mutation> mutations;
  for (size_t i = 0; i < program.instructions().size(); ++i) {
    if (!program.MayChange(i)) continue;
    Changes changes(program, i, mutations);
    const Instruction& old = changes.Old();
    if (old.IsBranch()) {
      MutateBranch(changes);
    } else if (old.IsHelperCall()) {
      MutateHelperCall(changes);
    } else if (old.IsWide()) {
      if (old.source == 0) MutateConstant(changes);
    } else if (old.IsArithmetic()) {
      MutateArithmetic(changes);
    } else if (old.Class() == BPF_ST || old.Class() == BPF_STX) {
      MutateStore(changes);
    }
  }
  return mutations;
}

}  // namespace bpfrig::client::mutate
