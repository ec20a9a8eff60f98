// LoadHooks: changes programs of an object right before libbpf loads them, once they are relocated. Libbpf
// has no other way to do that than a handler for the programs' section, whose hook it calls then.
// ObjectLoader has them while it loads; inert_programs.h, replacements.h and execution_record.h say what is
// changed.
#pragma once

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bpfrig::kernel_bpf {

class LoadHooks {
 public:
  // Changes the program, relocated and about to be loaded, or how it is. Returns 0, or a negative errno, with
  // which the loading fails.
  using Change = std::function<int(struct bpf_program* program, struct bpf_prog_load_opts& options)>;

  [[nodiscard]] static absl::StatusOr<std::unique_ptr<LoadHooks>> Create();
  // Until then, objects that are opened have their programs changed when they are loaded.
  ~LoadHooks();
  LoadHooks(const LoadHooks&) = delete;
  LoadHooks& operator=(const LoadHooks&) = delete;

  // `program` is one of an object that is open as the one to load will be: it has its type. Once for each.
  // UNSUPPORTED for types that only libbpf's own hook can prepare, and for one of several types in a section.
  [[nodiscard]] absl::Status Add(struct bpf_program* program, Change change);
  // INTERNAL if libbpf loaded one of them as it is.
  [[nodiscard]] absl::Status CheckChanged() const;

 private:
  struct Changed {
    Change change;
    bool done = false;
  };
  using Kind = std::pair<enum bpf_prog_type, enum bpf_attach_type>;

  LoadHooks() = default;
  [[nodiscard]] absl::Status Register(const std::string& section, Kind kind);
  // Libbpf calls it with every program of the sections.
  static int Prepare(struct bpf_program* program, struct bpf_prog_load_opts* options, long cookie);

  std::map<std::string, Changed> programs_;
  std::map<std::string, Kind> sections_;
  std::vector<int> handlers_;
};

}  // namespace bpfrig::kernel_bpf
