// The project's own tests of kernel, worker, supervisor, and client with daemon, on other kernels: each test
// program in a guest of its own, as many at once as this machine has processors for. `./dev kernels` runs it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/guest/apt_kernels.h"
#include "client/guest/frames.h"
#include "client/guest/guest_runs.h"
#include "client/guest/kernel_cache.h"
#include "tests/guests/engine.h"
#include "tests/guests/find_program.h"
#include "tests/guests/kernel_table.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
namespace guest = client::guest;

// What tests start, or have shells start.
constexpr const char* kTools[] = {
    "cat",    "chmod",    "cp",      "dd",   "echo",  "env",   "false",  "findmnt", "head",    "mktemp",
    "printf", "readlink", "sed",     "stat", "tail",  "touch", "tr",     "uname",   "wc",      "grep",
    "id",     "ip",       "kill",    "ln",   "ls",    "mkdir", "mount",  "nsenter", "openssl", "prlimit",
    "rm",     "script",   "setpriv", "sh",   "sleep", "true",  "umount", "unshare"};
constexpr int kPartsOfLong = 6;
constexpr unsigned kMemoryMib = 2048;
// Each layer of an image is a whole copy, in memory.
constexpr unsigned kMemoryOfContainersMib = 9216;
constexpr size_t kShownOutput = 4000;

struct Options {
  std::vector<std::string> kernels;
  std::vector<std::string> programs = absl::StrSplit(BPFRIG_GUEST_TESTS, ',');
  // Whether the programs are tests in containers, for which guests have an engine and our images.
  bool containers = false;
  std::string filter = "*";
  int timeout = 1800;
};

// The programs that tests are, and those that they start.
absl::StatusOr<std::string> MakeImage(const Options& options, const fs::path& scratch) {
  const fs::path bin = BPFRIG_BIN;
  std::vector<guest::Placed> programs;
  for (const std::string& name : options.programs) programs.push_back({bin / name, bin / name});
  for (const absl::string_view name : absl::StrSplit(BPFRIG_GUEST_PROGRAMS, ',')) {
    programs.push_back({bin / std::string(name), bin / std::string(name)});
  }
  for (const std::string name : kTools) {
    const absl::StatusOr<fs::path> path = FindProgram(name);
    if (!path.ok()) return path.status();
    programs.push_back({*path, fs::path("/bin") / name});
  }
  if (options.containers) {
    const absl::StatusOr<std::vector<guest::Placed>> engine = EnginePrograms();
    if (!engine.ok()) return engine.status();
    programs.insert(programs.end(), engine->begin(), engine->end());
  }
  return guest::ImageOf(bin / "bpfrig-guest-init", programs, scratch);
}

// Plans, golden files, pages with examples, and objects.
std::vector<fs::path> Files() {
  std::vector<fs::path> files = {"/etc/passwd", "/etc/group", BPFRIG_SOURCE "/compose.yaml",
                                 BPFRIG_SOURCE "/README.md"};
  // What openssl looks for at its start.
  if (const fs::path settings = "/usr/lib/ssl/openssl.cnf"; fs::exists(settings)) files.push_back(settings);
  for (const char* folder : {BPFRIG_SOURCE "/plans", BPFRIG_SOURCE "/docs", BPFRIG_SOURCE "/tests/golden",
                             BPFRIG_SOURCE "/tests/mutate/plans"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  for (const char* folder : {BPFRIG_BPF_OBJECTS, BPFRIG_TEST_OBJECTS}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file() && entry.path().extension() == ".o") files.push_back(entry.path());
    }
  }
  return files;
}

// From the cache, and into it through apt if it is not there, or not as it was.
absl::StatusOr<guest::Kernel> FindKernel(const guest::KernelSpec& spec, const guest::KernelCache& cache) {
  absl::StatusOr<guest::Kernel> found = cache.Find(spec);
  if (found.ok() || spec.kind == guest::KernelSpec::Kind::kFile) return found;
  const absl::StatusOr<guest::AptKernels> apt = guest::AptKernels::Open(cache.directory() / "apt");
  if (!apt.ok()) return apt.status();
  return apt->Fetch(spec, cache, [](const std::string& line) { std::cerr << line << "\n"; });
}

ProgramResult ResultOf(const guest::Outcome& outcome) {
  ProgramResult none;
  const std::string end =
      outcome.output.substr(outcome.output.size() - std::min(outcome.output.size(), kShownOutput));
  if (!outcome.failure.empty()) {
    none.failure = absl::StrCat(outcome.failure, "\nthe tests' output ends:\n", end, "\n");
    return none;
  }
  absl::StatusOr<ProgramResult> result = ReadGtestReport(outcome.report);
  if (!result.ok()) {
    none.failure =
        absl::StrCat("exit status ", outcome.exit_status, " without a report; output:\n", end, "\n");
    return none;
  }
  // What the leak check says after the last test, or a sanitizer at the end.
  if (outcome.exit_status != 0 && result->failed.empty()) {
    result->failure = absl::StrCat("exit status ", outcome.exit_status, "; output ends:\n", end, "\n");
  }
  return *std::move(result);
}

class Runs {
 public:
  explicit Runs(const Options& options) : options_(options) {}
  ~Runs() {
    std::error_code ignored;
    if (!images_.empty()) fs::remove(images_, ignored);
  }
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;

  absl::Status Prepare() {
    const absl::StatusOr<std::vector<guest::KernelSpec>> specs =
        guest::ParseKernelSpecs(absl::StrJoin(options_.kernels, ","));
    if (!specs.ok()) return specs.status();
    const absl::StatusOr<guest::KernelCache> cache = guest::KernelCache::Open();
    if (!cache.ok()) return cache.status();
    for (const guest::KernelSpec& spec : *specs) {
      absl::StatusOr<guest::Kernel> kernel = FindKernel(spec, *cache);
      if (!kernel.ok()) return kernel.status();
      results_.push_back({spec.text, kernel->release, std::vector<ProgramResult>(options_.programs.size())});
      kernels_.push_back(*std::move(kernel));
    }
    if (options_.containers) {
      images_ = cache->directory() / "images.tar";
      if (absl::Status saved = SaveImages(BPFRIG_SOURCE, images_); !saved.ok()) return saved;
    }
    const absl::StatusOr<std::string> image = MakeImage(options_, cache->directory());
    if (!image.ok()) return image.status();
    image_ = *image;
    const absl::StatusOr<std::string> accelerator =
        guest::ChooseAccelerator(kernels_.front(), image_, cache->directory());
    if (!accelerator.ok()) return accelerator.status();
    accelerator_ = *accelerator;
    return absl::OkStatus();
  }

  // Each part of each program on each kernel.
  absl::Status Run() {
    std::vector<guest::GuestRun> guests;
    std::vector<Part> parts;
    std::vector<fs::path> files = Files();
    if (options_.containers) files.push_back(images_);
    for (size_t program = 0; program < options_.programs.size(); ++program) {
      const int count = PartsOf(options_.programs[program]);
      for (int part = 0; part < count; ++part) {
        for (size_t kernel = 0; kernel < kernels_.size(); ++kernel) {
          parts.push_back({program, kernel});
          guests.push_back({kernels_[kernel], JobOf(options_.programs[program], part, count, files)});
        }
      }
    }
    guest::GuestOptions machine;
    if (options_.containers) machine.cpus = 2;
    machine.memory_mib = options_.containers ? kMemoryOfContainersMib : kMemoryMib;
    machine.timeout = std::chrono::seconds(options_.timeout);
    return guest::RunOnGuests(guests, accelerator_, image_, machine,
                              [&](size_t index, const guest::Outcome& outcome) {
                                const auto [program, kernel] = parts[index];
                                ProgramResult result = ResultOf(outcome);
                                Tell(results_[kernel].name, options_.programs[program], result);
                                Merge(std::move(result), results_[kernel].programs[program]);
                              });
  }

  [[nodiscard]] bool all_passed() const { return all_passed_; }
  [[nodiscard]] std::string Tables() const {
    return absl::StrCat(ResultsTable(options_.programs, results_), "\n", SkippedTable(results_));
  }

 private:
  // Places among the programs and the kernels.
  struct Part {
    size_t program;
    size_t kernel;
  };

  // Into how many guests a program's tests are divided, so that none takes too long.
  int PartsOf(const std::string& program) const {
    return options_.filter == "*" && program == "e2e_test" ? kPartsOfLong : 1;
  }

  guest::Job JobOf(const std::string& program, int part, int parts,
                   const std::vector<fs::path>& files) const {
    std::vector<std::string> command;
    if (options_.containers) command = InOwnRoot();
    command.insert(command.end(),
                   {absl::StrCat(BPFRIG_BIN, "/", program), "--gtest_filter=" + options_.filter,
                    absl::StrCat("--gtest_output=xml:", guest::kJobReportFile)});
    return {std::move(command),
            {"PATH=/bin", "HOME=/tmp", "TMPDIR=/tmp", absl::StrCat("GTEST_TOTAL_SHARDS=", parts),
             absl::StrCat("GTEST_SHARD_INDEX=", part), absl::StrCat(kImagesVariable, "=", images_.string())},
            "/",
            files};
  }

  void Tell(const std::string& kernel, const std::string& program, const ProgramResult& result) {
    const std::string failures = FailuresOf(kernel, program, result);
    all_passed_ = all_passed_ && failures.empty();
    std::cerr << (failures.empty() ? absl::StrCat("PASS  ", kernel, "  ", program, "\n") : failures)
              << std::flush;
  }

  const Options& options_;
  std::vector<guest::Kernel> kernels_;
  std::vector<KernelResults> results_;
  std::string image_;
  // The file of our images; empty if no test is in containers.
  fs::path images_;
  std::string accelerator_;
  bool all_passed_ = true;
};

}  // namespace
}  // namespace bpfrig::tests

int main(int argc, char** argv) {
  bpfrig::tests::Options options;
  CLI::App app{"Runs the project's tests on other kernels, in guests under QEMU."};
  app.add_option("kernels", options.kernels, "As `bpfrig run --kernel` takes them, but for `host`")
      ->required();
  app.add_option("--program", options.programs, "Test programs; all of them if left out");
  app.add_option("--filter", options.filter, "GoogleTest's filter: only these tests");
  app.add_flag_callback(
      "--containers",
      [&options] {
        options.containers = true;
        options.programs = {BPFRIG_CONTAINER_TEST};
      },
      "The test of compose.yaml instead: guests get a Docker engine and our images");
  app.add_option("--timeout", options.timeout, "Seconds for each guest")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  bpfrig::tests::Runs runs(options);
  absl::Status ran = runs.Prepare();
  if (ran.ok()) ran = runs.Run();
  if (!ran.ok()) {
    std::cerr << ran.message() << "\n";
    return 3;
  }
  std::cout << runs.Tables();
  return runs.all_passed() ? 0 : 1;
}
