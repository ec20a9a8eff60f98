// `bpfrig kernels`: which kernels plans can be run on, and getting more.
#include <iostream>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/guest/apt_kernels.h"
#include "client/guest/kernel_cache.h"

namespace bpfrig::client::command {
namespace {

// Those that can be fetched: `host` and files cannot.
absl::StatusOr<std::vector<guest::KernelSpec>> PackagedSpecs(const std::string& text) {
  absl::StatusOr<std::vector<guest::KernelSpec>> specs = guest::ParseKernelSpecs(text);
  if (!specs.ok()) return specs;
  for (const guest::KernelSpec& spec : *specs) {
    if (spec.kind != guest::KernelSpec::Kind::kVersion && spec.kind != guest::KernelSpec::Kind::kSuite) {
      return absl::InvalidArgumentError(
          absl::StrCat(spec.text, " is not in the cache: a version or a suite of Debian was expected"));
    }
  }
  return specs;
}

}  // namespace

int ListKernels() {
  const absl::StatusOr<guest::KernelCache> cache = guest::KernelCache::Open();
  if (!cache.ok()) return Fail(cache.status());
  const absl::StatusOr<std::vector<guest::Kernel>> kernels = cache->List();
  if (!kernels.ok()) return Fail(kernels.status());
  for (const guest::Kernel& kernel : *kernels) {
    std::cout << absl::StreamFormat("%-32s  %-16s  %s\n", kernel.release, kernel.version,
                                    absl::StrJoin(kernel.suites, ", "));
  }
  if (kernels->empty()) {
    std::cout << "no kernels were fetched; `bpfrig kernels fetch 6.1,trixie` gets some through apt\n";
  }
  return kAllPassed;
}

int FetchKernels(const std::string& text) {
  const absl::StatusOr<std::vector<guest::KernelSpec>> specs = PackagedSpecs(text);
  if (!specs.ok()) return Fail(specs.status());
  const absl::StatusOr<guest::KernelCache> cache = guest::KernelCache::Open();
  if (!cache.ok()) return Fail(cache.status());
  const auto say = [](const std::string& line) { std::cerr << line << "\n"; };
  say("reading the lists of packages");
  const absl::StatusOr<guest::AptKernels> apt = guest::AptKernels::Open(cache->directory() / "apt");
  if (!apt.ok()) return Fail(apt.status());
  for (const guest::KernelSpec& spec : *specs) {
    const absl::StatusOr<guest::Kernel> kernel = apt->Fetch(spec, *cache, say);
    if (!kernel.ok()) return Fail(kernel.status());
    std::cout << spec.text << " is " << kernel->release << "\n";
  }
  return kAllPassed;
}

int RemoveKernels(const std::string& text) {
  const absl::StatusOr<std::vector<guest::KernelSpec>> specs = PackagedSpecs(text);
  if (!specs.ok()) return Fail(specs.status());
  const absl::StatusOr<guest::KernelCache> cache = guest::KernelCache::Open();
  if (!cache.ok()) return Fail(cache.status());
  for (const guest::KernelSpec& spec : *specs) {
    const absl::StatusOr<std::vector<guest::Kernel>> removed = cache->Remove(spec);
    if (!removed.ok()) return Fail(removed.status());
    for (const guest::Kernel& kernel : *removed) std::cout << "removed " << kernel.release << "\n";
    if (removed->empty())
      return Fail(absl::InvalidArgumentError(absl::StrCat("no kernel ", spec.text, " was fetched")));
  }
  return kAllPassed;
}

}  // namespace bpfrig::client::command
