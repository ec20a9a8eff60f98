// Finds out which instructions of the programs that a test loads run in it. The survey has one for each test.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/run/load_watcher.h"

namespace bpfrig::client::mutate {

class ReachWatcher : public run::LoadWatcher {
 public:
  void Before(const std::shared_ptr<const std::string>& object,
              bpfrig::v1::LoadProgramRequest& request) override;
  void After(const std::shared_ptr<const std::string>& object, const bpfrig::v1::LoadProgramRequest& request,
             const daemon::RpcError* error, const bpfrig::v1::LoadProgramResponse& response,
             run::Sandbox& sandbox) override;
  void AtEnd(run::Sandbox& sandbox) override;

  // Which of its instructions may have run, if the test was done; null if that is not known.
  [[nodiscard]] const std::vector<bool>* Find(const std::shared_ptr<const std::string>& object,
                                              const std::string& program) const;

 private:
  using Key = std::pair<const std::string*, std::string>;

  struct Loaded {
    std::shared_ptr<const std::string> object;
    // What it is called in the sandbox.
    std::string name;
  };
  std::vector<Loaded> loaded_;
  std::map<Key, std::vector<bool>> may_have_run_;
};

}  // namespace bpfrig::client::mutate
