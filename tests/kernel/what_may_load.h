// What the running kernel has of all that the lists of what may load are about, and the tables of
// docs/what-may-load.md made from it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/kernel_bpf/policy/kernel_functions.h"
#include "daemon/kernel_bpf/policy/list.h"

namespace bpfrig::kernel_bpf {

struct KernelContents {
  std::vector<uint32_t> program_types;
  std::vector<uint32_t> map_types;
  std::vector<uint32_t> helpers;
  // By name. If the kernel does not say which of its functions are kfuncs, those of the list that it has.
  std::map<std::string, int32_t> kfuncs;
};

[[nodiscard]] KernelContents WhatMayLoad();

// The page with its tables, behind their marks, made anew. What the lists have and this kernel lacks is in
// them too.
[[nodiscard]] std::string WithTables(const std::string& page, const KernelContents& contents);

// What of the tables the page lacks or has otherwise; one line each. Names that the lists do not know are
// looked for only on the kernel that the page was written on.
[[nodiscard]] std::vector<std::string> Differences(const std::string& page, const KernelContents& contents);

}  // namespace bpfrig::kernel_bpf
