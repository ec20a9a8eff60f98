#include "client/guest/kernel_cache.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/guest/checksum.h"
#include "common/cache_directory.h"
#include "common/read_file.h"
#include "common/replace_file.h"

namespace bpfrig::client::guest {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kMaxKernelBytes = 256U << 20U;
constexpr size_t kMaxDescriptionBytes = 64U << 10U;
// Where the header of a bzImage says what it is.
constexpr size_t kMagicOffset = 0x202;
constexpr absl::string_view kMagic = "HdrS";

absl::Status Failure(absl::string_view action, const fs::path& path, const std::error_code& error) {
  return absl::InternalError(absl::StrCat(action, " ", path.string(), ": ", error.message()));
}

bool Matches(const Kernel& kernel, const KernelSpec& spec) {
  if (spec.kind == KernelSpec::Kind::kSuite) {
    return std::find(kernel.suites.begin(), kernel.suites.end(), spec.text) != kernel.suites.end();
  }
  return NamesVersion(spec, kernel.release, kernel.version);
}

absl::StatusOr<std::string> ReadKernel(const fs::path& path) {
  absl::StatusOr<std::string> bytes = common::ReadFile(path, kMaxKernelBytes);
  if (!bytes.ok()) return bytes;
  if (absl::ClippedSubstr(*bytes, kMagicOffset, kMagic.size()) != kMagic) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), " is not a kernel for x86: a vmlinuz or bzImage was expected"));
  }
  return bytes;
}

absl::StatusOr<Kernel> ReadEntry(const fs::path& directory) {
  const fs::path path = directory / "kernel.json";
  const absl::StatusOr<std::string> text = common::ReadFile(path, kMaxDescriptionBytes);
  if (!text.ok()) return text.status();
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return absl::DataLossError(absl::StrCat(path.string(), " is not what was written"));
  Kernel kernel;
  kernel.release = json.value("release", "");
  kernel.package = json.value("package", "");
  kernel.version = json.value("version", "");
  kernel.suites = json.value("suites", std::vector<std::string>());
  kernel.image = directory / "vmlinuz";
  kernel.checksum = json.value("sha256", "");
  return kernel;
}

}  // namespace

absl::StatusOr<KernelCache> KernelCache::Open() {
  KernelCache opened(common::CacheDirectory());
  if (opened.directory().empty()) {
    return absl::FailedPreconditionError(
        "there is no place for kernels: neither XDG_CACHE_HOME nor HOME is an absolute path");
  }
  std::error_code error;
  for (const fs::path& directory : {opened.kernels(), opened.images()}) {
    fs::create_directories(directory, error);
    if (error) return Failure("making", directory, error);
  }
  return opened;
}

absl::StatusOr<std::vector<Kernel>> KernelCache::List() const {
  std::vector<Kernel> kernels;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(this->kernels(), error)) {
    absl::StatusOr<Kernel> kernel = ReadEntry(entry.path());
    // One that is being added has no description yet.
    if (kernel.ok()) kernels.push_back(*std::move(kernel));
  }
  if (error) return Failure("reading", this->kernels(), error);
  std::sort(kernels.begin(), kernels.end(),
            [](const Kernel& a, const Kernel& b) { return IsOlder(a.release, b.release); });
  return kernels;
}

absl::StatusOr<Kernel> KernelCache::Find(const KernelSpec& spec) const {
  if (spec.kind == KernelSpec::Kind::kFile) {
    const absl::StatusOr<std::string> bytes = ReadKernel(spec.text);
    if (!bytes.ok()) return bytes.status();
    return Kernel{spec.text, "", "", {}, fs::absolute(spec.text)};
  }
  const absl::StatusOr<std::vector<Kernel>> kernels = List();
  if (!kernels.ok()) return kernels.status();
  const auto found = std::find_if(kernels->rbegin(), kernels->rend(),
                                  [&](const Kernel& kernel) { return Matches(kernel, spec); });
  if (found == kernels->rend()) {
    const std::string have = absl::StrJoin(
        *kernels, ", ", [](std::string* out, const Kernel& kernel) { out->append(kernel.release); });
    return absl::InvalidArgumentError(absl::StrCat(
        "kernel ", spec.text, " was not fetched; there ", kernels->size() == 1 ? "is " : "are ",
        have.empty() ? "none" : have, "; `bpfrig kernels fetch ", spec.text, "` gets it through apt"));
  }
  const absl::StatusOr<std::string> bytes = ReadKernel(found->image);
  if (!bytes.ok() || Checksum(*bytes) != found->checksum) {
    return absl::DataLossError(absl::StrCat(found->image.string(),
                                            " is not what was fetched; `bpfrig kernels fetch ", spec.text,
                                            "` gets it again"));
  }
  return *found;
}

absl::Status KernelCache::Add(const Kernel& kernel) const {
  const absl::StatusOr<std::string> bytes = ReadKernel(kernel.image);
  if (!bytes.ok()) return bytes.status();
  const fs::path directory = kernels() / kernel.release;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return Failure("making", directory, error);
  const absl::Status kept = common::ReplaceFile(directory / "vmlinuz", *bytes);
  if (!kept.ok()) return kept;
  const Json json = {{"release", kernel.release},
                     {"package", kernel.package},
                     {"version", kernel.version},
                     {"suites", kernel.suites},
                     {"sha256", Checksum(*bytes)}};
  return common::ReplaceFile(directory / "kernel.json", json.dump(2) + "\n");
}

absl::StatusOr<std::vector<Kernel>> KernelCache::Remove(const KernelSpec& spec) const {
  const absl::StatusOr<std::vector<Kernel>> kernels = List();
  if (!kernels.ok()) return kernels.status();
  std::vector<Kernel> removed;
  for (const Kernel& kernel : *kernels) {
    if (!Matches(kernel, spec)) continue;
    std::error_code error;
    fs::remove_all(kernel.image.parent_path(), error);
    if (error) return Failure("removing", kernel.image.parent_path(), error);
    removed.push_back(kernel);
  }
  return removed;
}

}  // namespace bpfrig::client::guest
