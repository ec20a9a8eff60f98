// Docker for tests: the client's command line against the engine that docker/engine gave us. Everything that
// a test makes has a name with this process's number, and goes with the object that made it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/subprocess.h"

namespace bpfrig::tests {

using Arguments = std::vector<std::string>;

inline constexpr std::chrono::seconds kDockerPatience{120};

// Both lists, one after the other.
[[nodiscard]] Arguments operator+(Arguments first, const Arguments& second);

// `docker ARGUMENTS...`, to its end.
[[nodiscard]] Outcome Docker(const Arguments& arguments, std::chrono::milliseconds limit = kDockerPatience);

// A container in the background.
class Container {
 public:
  // `docker run --detach ARGUMENTS...`: options, image, command.
  explicit Container(const Arguments& arguments);
  ~Container();
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  // Whether its health check says so, before the container ends or the time is over.
  [[nodiscard]] bool WaitHealthy() const;
  [[nodiscard]] std::string Log() const;

 private:
  std::string name_;
};

// A network without a way out.
class InternalNetwork {
 public:
  InternalNetwork();
  ~InternalNetwork();
  InternalNetwork(const InternalNetwork&) = delete;
  InternalNetwork& operator=(const InternalNetwork&) = delete;
  [[nodiscard]] const std::string& Name() const { return name_; }

 private:
  std::string name_;
};

// A folder that everybody may read, removed with its content.
class Folder {
 public:
  explicit Folder(const std::string& name);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& Path() const { return path_; }
  void Write(const std::string& file, const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace bpfrig::tests
