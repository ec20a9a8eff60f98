#include "daemon/kernel_bpf/policy/kernel_functions.h"

#include <bpf/btf.h>

#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {

void KernelFunctions::FreeBtf::operator()(struct btf* btf) const { btf__free(btf); }

const struct btf* KernelFunctions::btf() {
  if (!was_read_) {
    LibbpfOutput output;
    btf_.reset(btf__load_vmlinux_btf());
    was_read_ = true;
  }
  return btf_.get();
}

std::optional<std::string> KernelFunctions::NameOf(int32_t id) {
  if (btf() == nullptr || id <= 0) return std::nullopt;
  const struct btf_type* type = btf__type_by_id(btf(), static_cast<uint32_t>(id));
  if (type == nullptr || !btf_is_func(type)) return std::nullopt;
  return btf__name_by_offset(btf(), type->name_off);
}

bool KernelFunctions::Has(absl::string_view name) {
  return btf() != nullptr && btf__find_by_name_kind(btf(), std::string(name).c_str(), BTF_KIND_FUNC) > 0;
}

std::map<std::string, int32_t> KernelFunctions::Kfuncs() {
  std::map<std::string, int32_t> kfuncs;
  if (btf() == nullptr) return kfuncs;
  for (uint32_t id = 1; id < btf__type_cnt(btf()); ++id) {
    const struct btf_type* tag = btf__type_by_id(btf(), id);
    if (!btf_is_decl_tag(tag)) continue;
    if (absl::string_view(btf__name_by_offset(btf(), tag->name_off)) != "bpf_kfunc") continue;
    const auto function = static_cast<int32_t>(tag->type);
    if (const std::optional<std::string> name = NameOf(function)) kfuncs.emplace(*name, function);
  }
  return kfuncs;
}

}  // namespace bpfrig::kernel_bpf
