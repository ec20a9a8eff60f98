// bpfrigd: the supervisor; in the hidden mode `worker`, what it starts for every sandbox; the doctor with its
// hidden trial; and what tells what is in an object.
#include <signal.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/fd.h"
#include "common/unknown_option.h"
#include "common/version.h"
#include "daemon/base/log.h"
#include "daemon/base/log_writer.h"
#include "daemon/base/status.h"
#include "daemon/describe/describe.h"
#include "daemon/doctor/doctor.h"
#include "daemon/doctor/leaks.h"
#include "daemon/doctor/trial.h"
#include "daemon/ipc/front_limits.h"
#include "daemon/kernel_bpf/policy/load_policy.h"
#include "daemon/kernel_os/inherited_fds.h"
#include "daemon/supervisor/options.h"
#include "daemon/supervisor/supervisor.h"
#include "daemon/supervisor/worker_pool.h"
#include "daemon/worker/worker.h"

namespace bpfrig {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

struct Arguments {
  supervisor::Options options;
  int ready_fd = -1;
  int lifeline_fd = -1;
  bool no_perfmon = false;
  // In the doctor's mode.
  bool leaks = false;
  // In the describing mode.
  std::string object;
  bool json = false;
  std::vector<std::string> types;
  // In the worker's mode.
  uint64_t number = 0;
  bool runs_counted = false;
  std::string cgroup_obstacle;
};

const std::map<std::string, base::LogLevel>& LogLevels() {
  static const auto* levels = new std::map<std::string, base::LogLevel>{{"debug", base::LogLevel::kDebug},
                                                                        {"info", base::LogLevel::kInfo},
                                                                        {"warning", base::LogLevel::kWarning},
                                                                        {"error", base::LogLevel::kError}};
  return *levels;
}

constexpr char kWorkerMode[] = "worker";
constexpr char kDoctorMode[] = "doctor";
constexpr char kDescribeMode[] = "describe";
constexpr char kTrialMode[] = "trial";

// What is wrong with a type that is to be assumed of a program; empty if nothing is.
std::string CheckType(const std::string& type) {
  const size_t equals = type.find('=');
  if (equals != std::string::npos && equals != 0 && equals + 1 != type.size()) return "";
  return absl::StrCat("must be PROGRAM=SECTION, such as main=cgroup/connect4, not ", type);
}

// Each time with one list, so that what follows is not taken for a part of it.
void AddAllowLoad(CLI::App& app, std::vector<std::string>& names) {
  app.add_option(kernel_bpf::kAllowLoadFlag, names,
                 "Let sandboxes load what could reach past them, such as kfunc:bpf_task_from_pid or "
                 "program-type:syscall")
      ->type_name("KIND:NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void AddRemoteOptions(CLI::App& app, supervisor::RemoteOptions& options) {
  app.add_option("--listen-tcp", options.address,
                 "Serve over TCP too, at this IP:PORT; with mutual TLS, or on loopback with a token")
      ->type_name("IP:PORT");
  app.add_option("--tls-certificate", options.tls_certificate, "PEM: the certificate to show to callers")
      ->type_name("FILE");
  app.add_option("--tls-key", options.tls_key, "PEM: its key")->type_name("FILE");
  app.add_option("--tls-client-ca", options.tls_client_ca, "PEM: the CA of the callers' certificates")
      ->type_name("FILE");
  app.add_option("--tls-allowed-clients", options.tls_allowed_clients,
                 "The names in certificates that may call, one a line")
      ->type_name("FILE");
  app.add_option("--token-file", options.token_file,
                 "The bearer token that callers show; or the environment's BPFRIGD_TOKEN")
      ->type_name("FILE");
  app.add_flag("--unencrypted-on-private-network", options.unencrypted_on_private_network,
               "Allow a token without TLS at an address that others can reach: they could read it");
}

// Each with or without a unit: 2GiB, 512M.
void AddMemoryOptions(CLI::App& app, supervisor::Options& options) {
  const auto add = [&](const std::string& name, uint64_t& value, const std::string& what) {
    app.add_option(name, value, what)
        ->type_name("BYTES")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::PositiveNumber);
  };
  add(worker::kMaxMapMemoryFlag, options.max_map_memory,
      "How much memory the maps of one sandbox may take; default: 1GiB, or what all may take if that is "
      "less");
  add(worker::kMaxTotalMapMemoryFlag, options.max_total_map_memory,
      "How much memory the maps of all sandboxes may take; default: three quarters of what the daemon may "
      "have");
  add("--max-sandbox-memory", options.max_sandbox_memory,
      "memory.max of each sandbox's cgroup, if there is the memory controller; default: --max-map-memory and "
      "512MiB");
}

// Every option can come from the environment too, --max-sandboxes as BPFRIGD_MAX_SANDBOXES; except those that
// are meant for a program that starts this one.
void NameVariables(CLI::App& app) {
  const std::set<std::string> unnamed = {"help", "version", "ready-fd", "lifeline-fd", "private"};
  for (CLI::Option* const option : app.get_options()) {
    const std::string name = option->get_single_name();
    if (unnamed.count(name) != 0) continue;
    option->envname(absl::StrCat("BPFRIGD_", absl::StrReplaceAll(absl::AsciiStrToUpper(name), {{"-", "_"}})));
  }
}

// The token is not an option: it would show in the list of processes. No process that we start needs it.
void TakeToken(supervisor::RemoteOptions& options) {
  const char* const token = std::getenv("BPFRIGD_TOKEN");
  if (token == nullptr) return;
  options.token = token;
  ::unsetenv("BPFRIGD_TOKEN");
}

// The options of all modes.
void AddOptions(CLI::App& app, Arguments& arguments) {
  supervisor::Options& options = arguments.options;
  app.add_option("--listen", options.address, "Where to serve: unix:PATH")
      ->type_name("unix:PATH")
      ->capture_default_str();
  AddRemoteOptions(app, options.remote);
  app.add_option("--group", options.group,
                 "The group that may call, besides root, by name or number; default: our own")
      ->type_name("GROUP");
  app.add_option("--front", options.front_path,
                 "The front's binary; default: bpfrigd-front next to this binary")
      ->type_name("FILE");
  app.add_flag("--no-perfmon", arguments.no_perfmon,
               "Keep CAP_PERFMON from programs: no bpf_snprintf, bpf_trace_printk, probe_read_kernel");
  AddAllowLoad(app, options.allow_load);
  for (const ipc::FrontLimit& limit : ipc::kFrontLimits) {
    app.add_option(limit.flag, options.limits.*limit.value, limit.help)
        ->type_name("N")
        ->check(CLI::Range(limit.minimum, limit.maximum))
        ->capture_default_str();
  }
  AddMemoryOptions(app, options);
  app.add_option(
         "--uid-base", options.uid_base,
         "The first of the user ids for front and sandboxes; default: chosen at random, so that daemons that "
         "cannot see each other do not share any")
      ->type_name("UID");
  app.add_option("--ready-fd", arguments.ready_fd, "Gets one byte, and is closed, when calls are answered")
      ->check(CLI::Range(3, 1 << 20));
  app.add_option("--lifeline-fd", arguments.lifeline_fd, "End when this pipe ends")
      ->check(CLI::Range(3, 1 << 20));
  app.add_flag("--private", options.is_private, "Remove the socket's directory at the end");
  app.add_option("--log-level", options.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  app.add_option("--log-format", options.log_format, "text, or json: one object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.set_version_flag("--version", std::string("bpfrigd ") + common::VersionAndRevision());
  NameVariables(app);

  // The doctor judges the daemon that these options would start.
  app.add_subcommand(kDoctorMode,
                     "Say what a daemon with these options would be missing here, and how to grant it; exit "
                     "status 1 if something is missing")
      ->fallthrough()
      ->add_flag("--leaks", arguments.leaks,
                 "List what daemons have left on this machine instead; exit status 1 if there is something");
  CLI::App* describe =
      app.add_subcommand(kDescribeMode, "Say what is in an object; needs no privileges and no daemon");
  describe->add_option("object", arguments.object, "The object's file; - for standard input")
      ->required()
      ->type_name("OBJECT");
  describe->add_flag("--json", arguments.json,
                     "As JSON: a bpfrig.v1.ObjectDescription (bpfrig/v1/description.proto)");
  describe
      ->add_option("--type", arguments.types,
                   "A program's type, by a section that tells it, as `programs` of a load names it")
      ->type_name("PROGRAM=SECTION")
      ->check(CheckType)
      ->allow_extra_args(false);
  AddAllowLoad(*describe, options.allow_load);
  app.add_subcommand(kTrialMode, "For the doctor's own use")->group("");
  CLI::App* worker = app.add_subcommand(kWorkerMode, "For the supervisor's own use")->group("");
  worker->add_option("--number", arguments.number)->required();
  worker->add_flag("--runs-counted", arguments.runs_counted);
  AddAllowLoad(*worker, options.allow_load);
  worker->add_option(worker::kMaxMapMemoryFlag, options.max_map_memory);
  worker->add_option(worker::kMaxTotalMapMemoryFlag, options.max_total_map_memory);
  worker->add_option("--cgroup-obstacle", arguments.cgroup_obstacle);
  worker->add_option("--log-level", options.log_level)
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  worker->add_option("--log-format", options.log_format)->check(CLI::IsMember({"text", "json"}));
}

int Fail(const absl::Status& status) {
  base::LogError(supervisor::Explain(status));
  return kExitFailure;
}

// Takes over a descriptor that was named on the command line; `number` -1 is none.
absl::Status Adopt(int number, common::Fd& fd) {
  if (number < 0) return absl::OkStatus();
  BPFRIG_ASSIGN_OR_RETURN(fd, kernel_os::AdoptFd(number));
  return absl::OkStatus();
}

int RunWorkerMode(const Arguments& arguments) {
  base::SetLogName(absl::StrCat("worker ", arguments.number));
  // A process that was started from a descriptor would be named after its number.
  (void)::prctl(PR_SET_NAME, "bpfrig-worker", 0, 0, 0);
  // It is meant for the supervisor, but may be sent to every process.
  (void)::signal(SIGHUP, SIG_IGN);
  worker::WorkerOptions options;
  options.number = arguments.number;
  options.runs_counted = arguments.runs_counted;
  options.allow_load = arguments.options.allow_load;
  options.map_memory = {.sandbox = arguments.options.max_map_memory,
                        .total = arguments.options.max_total_map_memory};
  options.cgroup_obstacle = arguments.cgroup_obstacle;
  absl::Status status = Adopt(supervisor::kWorkerChannelNumber, options.channel);
  status.Update(Adopt(supervisor::kWorkerCgroupNumber, options.cgroup));
  status.Update(Adopt(supervisor::kWorkerLifelineNumber, options.lifeline));
  status.Update(Adopt(supervisor::kWorkerFilterNumber, options.filter));
  status.Update(Adopt(supervisor::kWorkerMapMemoryNumber, options.map_memory_socket));
  if (!status.ok()) return Fail(base::WithHint(status, "only bpfrigd starts workers"));
  return worker::RunWorker(std::move(options));
}

int RunTrialMode() {
  base::SetLogName("doctor's trial");
  common::Fd result;
  common::Fd cgroup;
  common::Fd filter;
  absl::Status status = Adopt(doctor::kTrialResultNumber, result);
  status.Update(Adopt(doctor::kTrialCgroupNumber, cgroup));
  status.Update(Adopt(doctor::kTrialFilterNumber, filter));
  if (!status.ok()) return Fail(base::WithHint(status, "only `bpfrigd doctor` starts trials"));
  return doctor::RunTrial(std::move(result), std::move(cgroup), std::move(filter));
}

int RunSupervisor(Arguments arguments) {
  base::KeepStderrFromBlocking();
  base::SetLogName("supervisor");
  absl::Status status = Adopt(arguments.ready_fd, arguments.options.ready);
  status.Update(Adopt(arguments.lifeline_fd, arguments.options.lifeline));
  if (!status.ok()) return Fail(status);
  absl::StatusOr<supervisor::Supervisor> supervisor =
      supervisor::Supervisor::Start(std::move(arguments.options));
  if (!supervisor.ok()) return Fail(supervisor.status());
  status = supervisor->Run();
  return status.ok() ? 0 : Fail(status);
}

// What is wrong with the command line, if it is about an option that there is not, or not so often. CLI11
// names neither the nearest one nor, but in its message, which it was.
std::string Complaint(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<CLI::App*> modes = app.get_subcommands();
  const CLI::App& mode = modes.empty() ? app : *modes.front();
  const std::string program = modes.empty() ? "bpfrigd" : "bpfrigd " + mode.get_name();
  std::vector<std::string> known;
  for (const CLI::App* one : {&app, &mode}) {
    for (const CLI::Option* option : one->get_options()) {
      if (!option->get_lnames().empty()) known.push_back("--" + option->get_lnames().front());
    }
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    for (const std::string& argument : app.remaining(true)) {
      if (argument[0] == '-') return common::UnknownOption(argument, known, program);
    }
  }
  const std::string what = error.what();
  const std::string name = what.substr(0, what.find(':'));
  for (const CLI::App* one : {&mode, &app}) {
    const CLI::Option* option = one->get_option_no_throw(name);
    if (option == nullptr || dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) continue;
    return common::NotOneValue(name, option->count(), option->get_type_name());
  }
  return what;
}

int Main(int argc, char** argv) {
  kernel_os::SealInheritedFds();
  CLI::App app("bpfrigd runs sandboxes in which eBPF programs on sockets and cgroups are tested.", "bpfrigd");
  Arguments arguments;
  AddOptions(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and its like are not usage errors.
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "bpfrigd: " << Complaint(app, error) << "\n";
    return kExitUsage;
  }
  TakeToken(arguments.options.remote);
  base::SetLogLevel(LogLevels().at(arguments.options.log_level));
  if (arguments.options.log_format == "json") base::SetLogFormat(base::LogFormat::kJson);
  arguments.options.perfmon = !arguments.no_perfmon;
  // Whoever started it for himself has nobody to keep anything back for.
  if (arguments.options.is_private) ipc::LetOneCallerHaveAll(arguments.options.limits);
  if (app.got_subcommand(kWorkerMode)) return RunWorkerMode(arguments);
  if (app.got_subcommand(kTrialMode)) return RunTrialMode();
  const absl::StatusOr<kernel_bpf::LoadPolicy> policy =
      kernel_bpf::LoadPolicy::Allowing(arguments.options.allow_load);
  if (!policy.ok()) {
    base::LogError(supervisor::Explain(policy.status()));
    return kExitUsage;
  }
  if (app.got_subcommand(kDescribeMode)) {
    return describe::RunDescribe(
        {.object = arguments.object, .json = arguments.json, .types = arguments.types, .policy = *policy});
  }
  if (app.got_subcommand(kDoctorMode)) {
    base::SetLogName("doctor");
    return arguments.leaks ? doctor::RunLeaks(arguments.options) : doctor::RunDoctor(arguments.options);
  }
  return RunSupervisor(std::move(arguments));
}

}  // namespace
}  // namespace bpfrig

int main(int argc, char** argv) { return bpfrig::Main(argc, argv); }
