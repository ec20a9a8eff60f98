#include "tests/support/machine_state.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/support/deadline.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

constexpr char kMark[] = "BPFRIG_TEST_MARK";
constexpr std::chrono::seconds kGrace{2};

[[noreturn]] void Fail(const std::string& what) {
  std::perror(what.c_str());
  std::abort();
}

Names BpfIds(bpf_cmd next_id) {
  Names ids;
  bpf_attr attributes{};
  while (::syscall(SYS_bpf, next_id, &attributes, sizeof(attributes)) == 0) {
    ids.insert(std::to_string(attributes.next_id));
    attributes.start_id = attributes.next_id;
  }
  if (errno != ENOENT) Fail("enumerating BPF ids");
  return ids;
}

// Mount points of all cgroup2 file systems, and with them every mount.
Names Mounts(Names& cgroup_roots) {
  Names mounts;
  std::istringstream lines(ReadAll("/proc/self/mountinfo"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    const std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
    if (fields.size() < 7) continue;
    mounts.insert(fields[4]);
    if (line.find(" - cgroup2 ") != std::string::npos) cgroup_roots.insert(fields[4]);
  }
  if (mounts.empty()) Fail("reading /proc/self/mountinfo");
  return mounts;
}

Names Cgroups(const Names& roots) {
  Names cgroups;
  for (const std::string& root : roots) {
    std::error_code error;
    for (auto it = fs::recursive_directory_iterator(root, error); it != fs::recursive_directory_iterator();
         it.increment(error)) {
      if (it->is_directory(error)) cgroups.insert(it->path().string());
    }
  }
  return cgroups;
}

void AddLinkTarget(const fs::path& link, const std::string& prefix, Names& names) {
  std::array<char, 64> target{};
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size() - 1);
  if (length > 0 && std::string(target.data()).rfind(prefix, 0) == 0) names.insert(target.data());
}

// Network namespaces that a process is in or has open, and processes that carry our mark or our name.
void Processes(Names& namespaces, Names& processes) {
  const char* mark_value = std::getenv(kMark);
  const std::string mark = std::string(kMark) + "=" + (mark_value != nullptr ? mark_value : "none");
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string pid = entry.path().filename();
    if (!std::all_of(pid.begin(), pid.end(), ::isdigit) || pid == std::to_string(::getpid())) continue;
    AddLinkTarget(entry.path() / "ns/net", "net:", namespaces);
    for (const auto& fd : fs::directory_iterator(entry.path() / "fd", error)) {
      AddLinkTarget(fd.path(), "net:", namespaces);
    }
    std::string name = ReadAll(entry.path() / "comm");
    if (!name.empty()) name.pop_back();
    if (name.rfind("bpfrig", 0) == 0 || ReadAll(entry.path() / "environ").find(mark) != std::string::npos) {
      processes.insert(name + " (pid " + pid + ")");
    }
  }
}

// Listening TCP sockets by address, and named unix sockets.
Names Sockets() {
  Names sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::istringstream lines(ReadAll(table));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string slot, local, remote, state;
      words >> slot >> local >> remote >> state;
      if (state == "0A") sockets.insert(std::string(table) + " " + local);
    }
  }
  std::istringstream lines(ReadAll("/proc/net/unix"));
  for (std::string line; std::getline(lines, line);) {
    const size_t path = line.find(" /");
    if (path != std::string::npos) sockets.insert("unix" + line.substr(path));
  }
  return sockets;
}

Names TemporaryFiles() {
  Names files;
  std::error_code error;
  const char* own = std::getenv("TMPDIR");
  if (own != nullptr) {
    for (const auto& entry : fs::directory_iterator(own, error)) files.insert(entry.path().string());
  }
  for (const char* folder : {"/tmp", "/run", "/dev/shm", "/run/bpfrig"}) {
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const std::string name = entry.path().filename();
      if (name.find("bpfrig") != std::string::npos) files.insert(entry.path().string());
    }
  }
  return files;
}

}  // namespace

MachineState MachineState::Take() {
  MachineState state;
  state.things_["BPF program"] = BpfIds(BPF_PROG_GET_NEXT_ID);
  state.things_["BPF map"] = BpfIds(BPF_MAP_GET_NEXT_ID);
  state.things_["BPF link"] = BpfIds(BPF_LINK_GET_NEXT_ID);
  Names cgroup_roots;
  state.things_["mount"] = Mounts(cgroup_roots);
  state.things_["cgroup"] = Cgroups(cgroup_roots);
  Processes(state.things_["network namespace"], state.things_["process"]);
  state.things_["socket"] = Sockets();
  state.things_["temporary file"] = TemporaryFiles();
  return state;
}

std::vector<std::string> MachineState::NewSince(const MachineState& before) const {
  std::vector<std::string> lines;
  for (const auto& [kind, names] : things_) {
    const auto found = before.things_.find(kind);
    for (const std::string& name : names) {
      if (found == before.things_.end() || found->second.count(name) == 0) lines.push_back(kind + " " + name);
    }
  }
  return lines;
}

void LeakCheck::OnTestStart(const ::testing::TestInfo& /*info*/) { before_ = MachineState::Take(); }

void LeakCheck::OnTestEnd(const ::testing::TestInfo& info) {
  std::vector<std::string> left;
  const bool clean = WaitUntil(kGrace, [&] {
    left = MachineState::Take().NewSince(before_);
    return left.empty();
  });
  if (clean) return;
  for (const std::string& line : left) {
    ADD_FAILURE() << info.test_suite_name() << "." << info.name() << " left behind: " << line;
  }
}

void MarkDescendants() {
  static std::array<char, 64> folder{"/tmp/bpfrig-test-XXXXXX"};
  if (::mkdtemp(folder.data()) == nullptr) Fail("making a temporary folder");
  ::setenv("TMPDIR", folder.data(), 1);
  ::setenv(kMark, folder.data(), 1);
  // What `bpfrig run` remembers is not to be the user's; made now, so that no test leaves it behind.
  const std::string cache = std::string(folder.data()) + "/cache";
  std::error_code made;
  fs::create_directory(cache, made);
  ::setenv("XDG_CACHE_HOME", cache.c_str(), 1);
  std::atexit([] {
    std::error_code error;
    fs::remove_all(folder.data(), error);
  });
}

}  // namespace bpfrig::tests
