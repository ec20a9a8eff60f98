#include "client/guest/apt_kernels.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/guest/child.h"

namespace bpfrig::client::guest {
namespace {

namespace fs = std::filesystem;

// Suites of Debian that have kernels, oldest first. A mirror may have dropped the first, or not have the
// last.
constexpr std::array<absl::string_view, 6> kSuites = {"bullseye", "bookworm",         "bookworm-backports",
                                                      "trixie",   "trixie-backports", "sid"};
constexpr std::array<absl::string_view, 3> kSecuritySuites = {"bullseye-security", "bookworm-security",
                                                              "trixie-security"};
constexpr const char* kKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
// An index may name a package that the mirror no longer has.
constexpr size_t kMaxTries = 6;

// apt's own lists, sources and caches stay as they are.
std::vector<std::string> Apt(const char* tool, const fs::path& directory,
                             std::vector<std::string> arguments) {
  std::vector<std::string> argv = {tool};
  for (const auto& [option, path] :
       std::vector<std::pair<const char*, fs::path>>{{"Dir::State::Lists", directory / "lists"},
                                                     {"Dir::Cache", directory / "cache"},
                                                     {"Dir::Etc::SourceList", directory / "sources.list"},
                                                     {"Dir::Etc::SourceParts", "/dev/null"}}) {
    argv.insert(argv.end(), {"-o", absl::StrCat(option, "=", path.string())});
  }
  // As root, apt would download as a user who may not write here.
  argv.insert(argv.end(), {"-o", "APT::Sandbox::User=root", "-q"});
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

// The machine's mirrors of Debian, and of its security updates.
struct Mirrors {
  std::string main;
  std::string security;
};

absl::StatusOr<Mirrors> FindMirrors() {
  const absl::StatusOr<std::string> text = OutputOf(
      {"apt-get", "indextargets", "--format", "$(ORIGIN) $(RELEASE) $(REPO_URI)", "Created-By: Packages"});
  if (!text.ok()) {
    return absl::UnavailableError(absl::StrCat("kernels come through apt: ", text.status().message(),
                                               "; give the path of a vmlinuz instead"));
  }
  Mirrors mirrors;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() != 3 || words[0] != "Debian") continue;
    (absl::EndsWith(words[1], "-security") ? mirrors.security : mirrors.main) = words[2];
  }
  if (mirrors.main.empty()) {
    return absl::UnavailableError(
        "kernels come from a mirror of Debian, and apt has none here (or has never been updated: apt-get "
        "update); give the path of a vmlinuz instead");
  }
  return mirrors;
}

absl::Status WriteSources(const Mirrors& mirrors, const fs::path& path) {
  std::error_code error;
  const std::string signed_by =
      fs::exists(kKeyring, error) ? absl::StrCat("[signed-by=", kKeyring, "] ") : "";
  std::ofstream file(path);
  for (const absl::string_view suite : kSuites) {
    file << "deb " << signed_by << mirrors.main << " " << suite << " main\n";
  }
  if (!mirrors.security.empty()) {
    for (const absl::string_view suite : kSecuritySuites) {
      file << "deb " << signed_by << mirrors.security << " " << suite << " main\n";
    }
  }
  file.close();
  return file ? absl::OkStatus() : absl::InternalError(absl::StrCat("writing ", path.string(), " failed"));
}

// "linux-image-6.1.0-50-cloud-amd64-unsigned" -> "6.1.0-50-cloud-amd64"; empty if it is not such a package.
// Since 6.19 the image is in linux-binary, and linux-image only asks for that.
std::string ReleaseOf(absl::string_view package) {
  if (!absl::ConsumePrefix(&package, "linux-image-") && !absl::ConsumePrefix(&package, "linux-binary-")) {
    return "";
  }
  absl::ConsumeSuffix(&package, "-unsigned");
  // Those that only ask for the newest, linux-image-cloud-amd64 and linux-image-6.1-cloud-amd64, have no
  // number of three parts.
  const absl::string_view version = package.substr(0, package.find_first_of("-+"));
  if (std::count(version.begin(), version.end(), '.') < 2) return "";
  return absl::EndsWith(package, "-cloud-amd64") ? std::string(package) : "";
}

// The lower, the likelier that the package has the image.
int Rank(absl::string_view package) {
  if (absl::StartsWith(package, "linux-binary-")) return 0;
  return absl::EndsWith(package, "-unsigned") ? 2 : 1;
}

fs::path FindImage(const fs::path& unpacked) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(unpacked, error)) {
    if (absl::StartsWith(entry.path().filename().string(), "vmlinuz") && entry.is_regular_file(error)) {
      return entry.path();
    }
  }
  return {};
}

// The suite whose updates this one has: "trixie" of "trixie-security".
absl::string_view SuiteOf(absl::string_view suite) { return absl::StripSuffix(suite, "-security"); }

}  // namespace

std::vector<PackagedKernel> ReadMadison(absl::string_view text) {
  std::vector<PackagedKernel> kernels;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, '|');
    if (fields.size() != 3) continue;
    const absl::string_view package = absl::StripAsciiWhitespace(fields[0]);
    const std::vector<absl::string_view> origin =
        absl::StrSplit(absl::StripAsciiWhitespace(fields[2]), ' ', absl::SkipEmpty());
    const std::string release = ReleaseOf(package);
    if (release.empty() || origin.size() < 2) continue;
    kernels.push_back({std::string(package), std::string(absl::StripAsciiWhitespace(fields[1])),
                       std::string(origin[1].substr(0, origin[1].find('/'))), release});
  }
  std::stable_sort(kernels.begin(), kernels.end(), [](const PackagedKernel& a, const PackagedKernel& b) {
    if (IsOlder(b.version, a.version)) return true;
    return !IsOlder(a.version, b.version) && Rank(a.package) < Rank(b.package);
  });
  return kernels;
}

std::vector<PackagedKernel> Named(const KernelSpec& spec, const std::vector<PackagedKernel>& kernels) {
  std::vector<PackagedKernel> named;
  for (const PackagedKernel& kernel : kernels) {
    const bool is_named = spec.kind == KernelSpec::Kind::kSuite
                              ? kernel.suite == spec.text || SuiteOf(kernel.suite) == spec.text
                              : NamesVersion(spec, kernel.release, kernel.version);
    if (is_named) named.push_back(kernel);
  }
  return named;
}

absl::StatusOr<AptKernels> AptKernels::Open(const fs::path& directory) {
  const absl::StatusOr<Mirrors> mirrors = FindMirrors();
  if (!mirrors.ok()) return mirrors.status();
  std::error_code error;
  fs::create_directories(directory / "lists" / "partial", error);
  fs::create_directories(directory / "cache" / "archives" / "partial", error);
  if (absl::Status written = WriteSources(*mirrors, directory / "sources.list"); !written.ok())
    return written;
  // Fails as a whole if one suite is not there; the others are read all the same.
  const absl::StatusOr<Ended> update = RunToEnd(Apt("apt-get", directory, {"update"}));
  if (!update.ok()) return update.status();

  const absl::StatusOr<std::string> names = OutputOf(
      Apt("apt-cache", directory, {"search", "--names-only", "^linux-(image|binary)-[0-9].*-cloud-amd64"}));
  if (!names.ok()) return names.status();
  std::vector<std::string> madison = {"madison"};
  for (const absl::string_view line : absl::StrSplit(*names, '\n', absl::SkipEmpty())) {
    madison.emplace_back(line.substr(0, line.find(' ')));
  }
  if (madison.size() == 1) {
    return absl::UnavailableError(absl::StrCat("apt found no kernels: ", update->output));
  }
  const absl::StatusOr<std::string> table = OutputOf(Apt("apt-cache", directory, madison));
  if (!table.ok()) return table.status();
  return AptKernels(directory, ReadMadison(*table));
}

absl::Status AptKernels::FetchOne(const PackagedKernel& packaged, const KernelCache& cache) const {
  const fs::path work = directory_ / "unpacked";
  std::error_code error;
  fs::remove_all(work, error);
  fs::create_directories(work, error);
  // apt puts what it downloads into the directory that it runs in.
  std::vector<std::string> download = {"env", "-C", work.string()};
  const std::vector<std::string> apt =
      Apt("apt-get", directory_, {"download", absl::StrCat(packaged.package, "=", packaged.version)});
  download.insert(download.end(), apt.begin(), apt.end());
  absl::Status status = OutputOf(download).status();
  fs::path archive;
  for (const fs::directory_entry& entry : fs::directory_iterator(work, error)) archive = entry.path();
  if (status.ok()) {
    status = OutputOf({"dpkg-deb", "-x", archive.string(), (work / "files").string()}).status();
  }
  if (status.ok()) {
    const fs::path image = FindImage(work / "files");
    if (image.empty()) {
      status = absl::NotFoundError(absl::StrCat("package ", packaged.package, " has no vmlinuz"));
    } else {
      std::vector<std::string> suites;
      // Only of a suite's newest can be said that it is what the suite has.
      for (const PackagedKernel& other : kernels_) {
        const std::string suite(SuiteOf(other.suite));
        const KernelSpec spec{KernelSpec::Kind::kSuite, suite};
        if (std::find(suites.begin(), suites.end(), suite) == suites.end() &&
            Named(spec, kernels_).front().version == packaged.version) {
          suites.push_back(suite);
        }
      }
      status = cache.Add({packaged.release, packaged.package, packaged.version, suites, image});
    }
  }
  fs::remove_all(work, error);
  return status;
}

absl::StatusOr<Kernel> AptKernels::Fetch(const KernelSpec& spec, const KernelCache& cache,
                                         const std::function<void(const std::string&)>& say) const {
  const std::vector<PackagedKernel> named = Named(spec, kernels_);
  if (named.empty()) {
    std::set<std::string> suites;
    for (const PackagedKernel& kernel : kernels_) suites.insert(std::string(SuiteOf(kernel.suite)));
    return absl::InvalidArgumentError(absl::StrCat("no package has kernel ", spec.text, "; there are ",
                                                   kernels_.back().release, " to ", kernels_.front().release,
                                                   ", in the suites ", absl::StrJoin(suites, ", ")));
  }
  absl::Status status;
  for (size_t i = 0; i < std::min(named.size(), kMaxTries); ++i) {
    say(absl::StrCat("fetching ", named[i].package, " ", named[i].version));
    status = FetchOne(named[i], cache);
    if (status.ok()) {
      return cache.Find({KernelSpec::Kind::kVersion, named[i].release});
    }
    say(std::string(status.message()));
  }
  return status;
}

}  // namespace bpfrig::client::guest
