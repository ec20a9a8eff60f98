#include "tests/containers/ci_job.h"

#include <gtest/gtest.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bpfrig::tests {
namespace {

// Every match of `pattern`, whose one group is a name, becomes the name's value. An unknown name fails the
// test: a runner would know it, or put in an empty text.
std::string Replace(const std::string& text, const RE2& pattern, const Substitutions& substitutions) {
  const RE2 text_and_match("(?s)(.*?)" + pattern.pattern());
  std::string result, before, name;
  re2::StringPiece rest = text;
  while (RE2::Consume(&rest, text_and_match, &before, &name)) {
    const auto value = substitutions.find(name);
    if (value == substitutions.end()) throw std::runtime_error("what is " + name + " in an example?");
    result += before + value->second;
  }
  return result + std::string(rest);
}

std::map<std::string, std::string> Environment(const YAML::Node& node, const RE2& pattern,
                                               const Substitutions& substitutions) {
  std::map<std::string, std::string> environment;
  for (const auto& variable : node) {
    environment[variable.first.as<std::string>()] =
        Replace(variable.second.as<std::string>(), pattern, substitutions);
  }
  return environment;
}

Arguments Words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

// `key = ["a", "b"]` of a TOML file: such a list is YAML as well.
std::vector<std::string> TomlList(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t equals = line.find(" = ");
    if (line.front() == '#' || equals == std::string::npos ||
        line.substr(0, equals).find(key) == std::string::npos)
      continue;
    return YAML::Load(line.substr(equals + 3)).as<std::vector<std::string>>();
  }
  throw std::runtime_error(path + " has no " + key);
}

}  // namespace

Arguments RunArguments(const ServiceContainer& service, const std::string& network) {
  Arguments arguments = {"--network", network, "--network-alias", service.alias};
  arguments = arguments + service.options;
  for (const auto& [name, value] : service.environment) {
    arguments = arguments + Arguments{"--env", name + "=" + value};
  }
  return arguments + Arguments{service.image};
}

CiJob GithubJob(const std::string& name, const Substitutions& substitutions) {
  static const RE2 kExpression(R"(\$\{\{ *([^ }]+) *\}\})");
  const YAML::Node job = YAML::LoadFile(BPFRIG_SOURCE "/docs/ci/github-actions.yaml")["jobs"][name];
  CiJob result;
  result.environment = Environment(job["env"], kExpression, substitutions);
  for (const auto& service : job["services"]) {
    result.services.push_back(
        {.image = service.second["image"].as<std::string>(),
         .alias = service.first.as<std::string>(),
         .options = Words(service.second["options"].as<std::string>()),
         .environment = Environment(service.second["env"], kExpression, substitutions)});
  }
  for (const auto& step : job["steps"]) {
    if (!step["run"]) continue;
    result.steps.push_back(Replace(step["run"].as<std::string>(), kExpression, substitutions));
  }
  return result;
}

CiJob GitlabJob(const std::string& name, const Substitutions& substitutions) {
  static const RE2 kVariable(R"(\$([A-Za-z_]+))");
  const std::string runner = BPFRIG_SOURCE "/docs/ci/gitlab-runner.toml";
  const YAML::Node job = YAML::LoadFile(BPFRIG_SOURCE "/docs/ci/gitlab-ci.yaml")[name];
  CiJob result;
  result.image = job["image"]["name"].as<std::string>();
  result.environment = Environment(job["variables"], kVariable, substitutions);
  // Every container gets the project's variables too, besides the job's.
  for (const auto& [variable, value] : substitutions) result.environment[variable] = value;
  Arguments options;
  for (const std::string& capability : TomlList(runner, "services_cap_drop")) {
    options = options + Arguments{"--cap-drop", capability};
  }
  for (const std::string& capability : TomlList(runner, "services_cap_add")) {
    options = options + Arguments{"--cap-add", capability};
  }
  for (const std::string& option : TomlList(runner, "services_security_opt")) {
    options = options + Arguments{"--security-opt", option};
  }
  for (const auto& service : job["services"]) {
    result.services.push_back({.image = service["name"].as<std::string>(),
                               .alias = service["alias"].as<std::string>(),
                               .options = options,
                               .environment = result.environment});
  }
  for (const auto& line : job["script"]) result.steps.push_back(line.as<std::string>());
  return result;
}

}  // namespace bpfrig::tests
