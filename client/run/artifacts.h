// Artifacts: the directory of `run --artifacts`. A test that failed has a folder there, PLAN/TEST, and one
// more for each further try. Tests on many threads write to it.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/plan/plan.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::run {

// Of a map, a list of events or an end of a connection no more than this is kept.
inline constexpr size_t kMaxArtifactBytes = size_t{1} << 20;
// How long a call may take that only asks for what is to be kept.
inline constexpr std::chrono::seconds kCollectTimeout{10};

// A file of a test's folder.
struct Artifact {
  // Below the folder, without its extension, and with one: "maps/counts_hits.after", ".json". If two have the
  // same, Write() tells them apart.
  std::string stem;
  std::string extension;
  // What is in it, for the index.
  std::string about;
  std::string content;
};

class Artifacts {
 public:
  // Makes the directory if it is not there, tries to write to it, and removes what an earlier run left of
  // these tests. FAILED_PRECONDITION if something else has the name of such a folder. `tests` outlive it.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Artifacts>> Open(const std::string& path,
                                                                       const std::vector<plan::Test>& tests);
  // Use Open().
  Artifacts(std::string path, const std::vector<plan::Test>& tests);

  // Writes one try of the test, one of those that Open() was given, and `index.json`, which names the files.
  // Returns the folder; empty if it could not be written, which status() tells.
  std::string Write(const plan::Test& test, const verdict::TestResult& result,
                    const std::vector<Artifact>& artifacts);
  // The first failure to write.
  [[nodiscard]] absl::Status status() const;

 private:
  [[nodiscard]] absl::Status RemoveOld() const;

  const std::string path_;
  // No two tests have the same one, also where case does not count.
  std::map<const plan::Test*, std::string> folders_;
  mutable std::mutex mutex_;
  // How often each was written.
  std::map<const plan::Test*, int> tries_;
  absl::Status status_;
};

}  // namespace bpfrig::client::run
