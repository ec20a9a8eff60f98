// ListInstructions: what the programs of a loaded object are made of. Others have their turn between two
// messages.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/shown_text.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/object/bpf_object.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::ListInstructionsRequest;
using bpfrig::v1::ProgramInstructions;
using kernel_bpf::InstructionList;

// Most programs fit into one message.
constexpr size_t kMaxMessageBytes = 4 * kMaxStreamMessageBytes;
// What program.proto promises of a line's text.
constexpr size_t kMaxTextBytes = 1024;
// What an entry takes beside its texts, at most.
constexpr size_t kEntryBytes = 32;

// Its beginning, up to a whole character.
std::string Shown(absl::string_view text) {
  size_t size = std::min(text.size(), kMaxTextBytes);
  if (size < text.size()) {
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  }
  return common::ShownText(text.substr(0, size));
}

// One program, message by message.
class Pages {
 public:
  // Borrows what the list does.
  Pages(std::string program, InstructionList list) : program_(std::move(program)), list_(std::move(list)) {}

  [[nodiscard]] bool AtEnd() const {
    return instructions_ == list_.instructions.size() && relocated_ == list_.relocated.size() &&
           functions_ == list_.functions.size() && lines_ == list_.lines.size() &&
           blocks_ == list_.blocks.size();
  }

  // The next message; the list must not be at its end.
  void Fill(ProgramInstructions& out) {
    out.set_program(Shown(program_));
    size_t room = kMaxMessageBytes;
    AddInstructions(room, out);
    for (; HasRoom(relocated_, list_.relocated.size(), room); room -= std::min(room, kEntryBytes)) {
      out.add_relocated(list_.relocated[relocated_++]);
    }
    while (HasRoom(functions_, list_.functions.size(), room)) {
      AddFunction(list_.functions[functions_++], room, out);
    }
    while (HasRoom(lines_, list_.lines.size(), room)) AddLine(list_.lines[lines_++], room, out);
    for (; HasRoom(blocks_, list_.blocks.size(), room); room -= std::min(room, kEntryBytes)) {
      const kernel_bpf::RecordedBlock& block = list_.blocks[blocks_++];
      bpfrig::v1::BasicBlock& added = *out.add_blocks();
      added.set_instruction(block.first);
      added.set_count(block.count);
      added.set_executed(block.executed);
    }
  }

 private:
  static bool HasRoom(size_t next, size_t count, size_t room) { return next < count && room > 0; }

  void AddInstructions(size_t& room, ProgramInstructions& out) {
    const absl::Span<const struct bpf_insn> rest = list_.instructions.subspan(instructions_);
    const size_t count = std::min(rest.size(), room / sizeof(struct bpf_insn));
    out.set_instructions(reinterpret_cast<const char*>(rest.data()), count * sizeof(struct bpf_insn));
    instructions_ += count;
    room -= count * sizeof(struct bpf_insn);
  }

  static void AddFunction(const kernel_bpf::FunctionStart& function, size_t& room, ProgramInstructions& out) {
    bpfrig::v1::FunctionStart& added = *out.add_functions();
    added.set_instruction(function.instruction);
    added.set_name(Shown(function.name));
    room -= std::min(room, kEntryBytes + added.name().size());
  }

  static void AddLine(const kernel_bpf::SourceLine& line, size_t& room, ProgramInstructions& out) {
    bpfrig::v1::SourceLine& added = *out.add_lines();
    added.set_instruction(line.instruction);
    added.set_file(Shown(line.file));
    added.set_line(line.line);
    added.set_column(line.column);
    added.set_text(Shown(line.text));
    room -= std::min(room, kEntryBytes + added.file().size() + added.text().size());
  }

  const std::string program_;
  const InstructionList list_;
  // How much of each is in messages.
  size_t instructions_ = 0;
  size_t relocated_ = 0;
  size_t functions_ = 0;
  size_t lines_ = 0;
  size_t blocks_ = 0;
};

// One ListInstructions on its way.
class Listing : public std::enable_shared_from_this<Listing> {
 public:
  // The object stays for as long as the call is not over: nothing but closing the sandbox takes it away.
  Listing(CallPtr call, const kernel_bpf::BpfObject& object, std::vector<std::string> programs)
      : call_(std::move(call)), object_(object), programs_(std::move(programs)) {}

  void Step() {
    if (call_->IsOver()) return;
    if (!pages_ && next_ == programs_.size()) return call_->Finish(absl::OkStatus());
    if (!pages_) {
      const std::string& program = programs_[next_++];
      absl::StatusOr<InstructionList> list = object_.ListInstructions(program);
      if (!list.ok()) return call_->Finish(list.status());
      pages_.emplace(program, *std::move(list));
    }
    Call::Reply reply;
    pages_->Fill(*reply.mutable_list_instructions()->mutable_program());
    if (pages_->AtEnd()) pages_.reset();
    call_->Send(reply, [self = shared_from_this()] { self->Step(); });
  }

 private:
  const CallPtr call_;
  const kernel_bpf::BpfObject& object_;
  const std::vector<std::string> programs_;
  size_t next_ = 0;
  std::optional<Pages> pages_;
};

absl::Status Start(Sandbox& sandbox, const CallPtr& call, const ListInstructionsRequest& request) {
  const absl::StatusOr<const kernel_bpf::BpfObject*> object = sandbox.objects().FindLoaded(request.object());
  if (!object.ok()) return base::WithField(object.status(), "object");
  std::vector<std::string> programs;
  for (int i = 0; i < request.programs_size(); ++i) {
    const absl::Status found =
        sandbox.objects().FindProgram(absl::StrCat(request.object(), "/", request.programs(i))).status();
    if (!found.ok()) return base::WithField(found, absl::StrCat("programs[", i, "]"));
    if (std::find(programs.begin(), programs.end(), request.programs(i)) != programs.end()) {
      return base::WithField(
          base::MakeError(base::Reason::kDuplicateName,
                          absl::StrCat("program \"", request.programs(i), "\" is given twice")),
          absl::StrCat("programs[", i, "]"));
    }
    programs.push_back(request.programs(i));
  }
  if (programs.empty()) {
    for (const kernel_bpf::Program& program : (*object)->programs()) programs.push_back(program.name());
  }
  std::make_shared<Listing>(call, **object, std::move(programs))->Step();
  return absl::OkStatus();
}

}  // namespace

void HandleListInstructions(Sandbox& sandbox, const CallPtr& call, const ListInstructionsRequest& request) {
  const absl::Status started = Start(sandbox, call, request);
  if (!started.ok()) call->Finish(started);
}

}  // namespace bpfrig::worker
