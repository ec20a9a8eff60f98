#include "tests/worker/worker_process.h"

#include <fcntl.h>
#include <google/protobuf/text_format.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/kernel_os/run_statistics.h"
#include "daemon/seccomp/filter.h"
#include "daemon/worker/worker.h"

namespace bpfrig::tests {
namespace {

std::string CgroupMount() {
  std::ifstream mounts("/proc/self/mounts");
  std::string line;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    std::string device;
    std::string path;
    std::string type;
    words >> device >> path >> type;
    if (type == "cgroup2") return path;
  }
  return "";
}

// In the child: enter the cgroup and a namespace, then run the worker.
[[noreturn]] void RunChild(worker::WorkerOptions options) {
  const common::Fd procs(::openat(options.cgroup.Get(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
  if (::write(procs.Get(), "0", 1) != 1 || ::unshare(CLONE_NEWNET) != 0) ::_exit(77);
  ::_exit(worker::RunWorker(std::move(options)));
}

Request Parse(const std::string& text) {
  Request request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request;
}

}  // namespace

WorkerProcess::WorkerProcess(const worker::MapMemoryLimits& map_memory) {
  cgroup_path_ = CgroupMount() + "/bpfrig-worker-test-" + std::to_string(::getpid());
  EXPECT_EQ(::mkdir(cgroup_path_.c_str(), 0755), 0) << cgroup_path_;
  absl::StatusOr<common::Fd> statistics = kernel_os::EnableRunStatistics();
  EXPECT_TRUE(statistics.ok()) << statistics.status();
  if (statistics.ok()) statistics_ = *std::move(statistics);
  auto channel = ipc::MakeSocketPair();
  std::array<int, 2> lifeline{};
  EXPECT_TRUE(channel.ok() && ::pipe2(lifeline.data(), O_CLOEXEC) == 0);
  lifeline_ = common::Fd(lifeline[1]);
  worker::WorkerOptions options;
  options.number = 1;
  options.channel = std::move(channel->second);
  options.lifeline = common::Fd(lifeline[0]);
  options.cgroup = common::Fd(::open(cgroup_path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  absl::StatusOr<common::Fd> filter = seccomp::MakeFilter(seccomp::RefusedToWorkers());
  EXPECT_TRUE(filter.ok()) << filter.status();
  if (filter.ok()) options.filter = *std::move(filter);
  options.runs_counted = true;
  options.map_memory = map_memory;
  pid_ = ::fork();
  if (pid_ == 0) {
    channel->first.Close();
    lifeline_.Close();
    RunChild(std::move(options));
  }
  client_ = std::make_unique<worker::TestClient>(std::move(channel->first));
}

WorkerProcess::~WorkerProcess() {
  client_->Close();
  int status = 0;
  EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "wait status " << status;
  EXPECT_EQ(::rmdir(cgroup_path_.c_str()), 0) << cgroup_path_;
}

CallResult WorkerProcess::Run(const std::string& request) { return client_->Run(Parse(request)); }

TestCall WorkerProcess::Start(const std::string& request) { return client_->Start(Parse(request)); }

void WorkerProcess::Open(const std::string& addresses) {
  const CallResult result =
      Run("open_sandbox { addresses: [" + addresses + "] local_routes: [\"0.0.0.2/32\"] }");
  ASSERT_TRUE(result.ok()) << result.Text();
  ASSERT_NE(result.reply().open_sandbox().opened().netns_cookie(), 0u);
}

CallResult WorkerProcess::Load(const std::string& path, const std::string& more, const std::string& name) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  EXPECT_FALSE(bytes.str().empty()) << path;
  const std::string file_name = std::filesystem::path(path).filename();
  const std::string stem = file_name.substr(0, file_name.find('.'));
  return client_->Run(Parse("load_program { name: \"" + (name.empty() ? stem : name) + "\" " + more + " }"),
                      bytes.str());
}

std::vector<v1::Event> Events(const CallResult& result) {
  std::vector<v1::Event> events;
  for (const auto& reply : result.replies) {
    for (const v1::Event& event : reply.read_events().events()) events.push_back(event);
  }
  return events;
}

std::string WhyNotTaken(const CallResult& loaded) {
  const v1::RejectedObject& rejected = loaded.reply().load_program().rejected();
  return "this kernel does not take " + rejected.map() + rejected.program() + ": " + rejected.errno_name();
}

std::string TestObject(const std::string& name) {
  return std::string(BPFRIG_TEST_OBJECTS) + "/" + name + ".bpf.o";
}

std::string MeshObject(const std::string& name) {
  return std::string(BPFRIG_BPF_OBJECTS) + "/" + name + ".bpf.o";
}

}  // namespace bpfrig::tests
