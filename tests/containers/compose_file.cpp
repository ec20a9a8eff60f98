#include "tests/containers/compose_file.h"

#include <yaml-cpp/yaml.h>

namespace bpfrig::tests {
namespace {

YAML::Node DaemonService() { return YAML::LoadFile(BPFRIG_SOURCE "/compose.yaml")["services"]["bpfrigd"]; }

}  // namespace

std::vector<std::string> ComposeCapabilities() {
  return DaemonService()["cap_add"].as<std::vector<std::string>>();
}

std::vector<std::string> ComposeOptions(const std::string& without) {
  std::vector<std::string> options = {"--network", "none", "--cap-drop", "ALL", "--read-only"};
  for (const std::string& capability : ComposeCapabilities()) {
    if (capability != without) options.insert(options.end(), {"--cap-add", capability});
  }
  for (const auto& option : DaemonService()["security_opt"]) {
    options.insert(options.end(), {"--security-opt", option.as<std::string>()});
  }
  return options;
}

}  // namespace bpfrig::tests
