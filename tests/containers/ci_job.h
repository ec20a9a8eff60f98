// A job of a CI service, as its runner would run it: the service container, and the commands of the steps.
// Read from the examples in docs/ci, so that the tests test those.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/containers/docker.h"

namespace bpfrig::tests {

// What a runner puts in the place of "${{ secrets.X }}" or "$X".
using Substitutions = std::map<std::string, std::string>;

struct ServiceContainer {
  std::string image;
  // The name by which steps reach it.
  std::string alias;
  // Options of `docker run`.
  Arguments options;
  std::map<std::string, std::string> environment;
};

// Starts it in the network.
[[nodiscard]] Arguments RunArguments(const ServiceContainer& service, const std::string& network);

struct CiJob {
  std::vector<ServiceContainer> services;
  std::map<std::string, std::string> environment;
  // For a job that runs in its own container.
  std::string image;
  // Each is a shell script.
  std::vector<std::string> steps;
};

// The job of that name in docs/ci/github-actions.yaml. Steps that use an action are left out: the test's
// folder is the checkout.
[[nodiscard]] CiJob GithubJob(const std::string& name, const Substitutions& substitutions);

// The job of that name in docs/ci/gitlab-ci.yaml, on a runner of docs/ci/gitlab-runner.toml.
[[nodiscard]] CiJob GitlabJob(const std::string& name, const Substitutions& substitutions);

}  // namespace bpfrig::tests
