#include "client/plan/steps/deferred.h"

#include <utility>
#include <vector>

#include "client/plan/yaml/substitution.h"

namespace bpfrig::client::plan {
namespace {

// What may be captured: numbers, addresses, names, bytes.
struct Sample {
  const char* tag;
  const char* text;
};
constexpr Sample kSamples[] = {{"", "1"}, {"", "10.0.0.1"}, {"", "true"}, {"!hex", "00"}};

NodePtr CapturedAs(const Sample& sample, const std::set<std::string>& names, const Mark& mark) {
  auto value = std::make_shared<Node>();
  value->kind = Node::Kind::kScalar;
  value->mark = mark;
  value->tag = sample.tag;
  value->text = sample.text;
  auto all = std::make_shared<Node>();
  all->kind = Node::Kind::kMapping;
  all->mark = mark;
  for (const std::string& name : names) {
    auto key = std::make_shared<Node>();
    key->kind = Node::Kind::kScalar;
    key->text = name;
    all->pairs.push_back({std::move(key), value});
  }
  return all;
}

Step ReadWith(const Deferred& deferred, const NodePtr& captured, Problems& problems) {
  const NodePtr whole = Substitute(deferred.node, {captured, nullptr}, problems);
  return ReadStep(whole, *deferred.objects, problems);
}

}  // namespace

Step ReadDeferredStep(const NodePtr& node, const std::shared_ptr<const Objects>& objects,
                      const std::set<std::string>& captured, Problems& problems) {
  const auto deferred = std::make_shared<const Deferred>(Deferred{node, objects, captured});
  // A complaint that comes whatever the value is, is not about the value.
  std::vector<Problem> common;
  Step step;
  size_t fewest = SIZE_MAX;
  for (const Sample& sample : kSamples) {
    Problems found;
    Step read = ReadWith(*deferred, CapturedAs(sample, captured, node->mark), found);
    const std::vector<Problem> sorted = found.Sorted();
    common = fewest == SIZE_MAX ? sorted : InBoth(std::move(common), sorted);
    if (sorted.size() >= fewest) continue;
    fewest = sorted.size();
    step = std::move(read);
  }
  for (Problem& problem : common) problems.Add(problem.mark, std::move(problem.message));
  step.deferred = deferred;
  return step;
}

std::vector<Step> ReadWithSamples(const Step& step) {
  std::vector<Step> readings;
  for (const Sample& sample : kSamples) {
    Problems about_the_value;
    readings.push_back(
        ReadWith(*step.deferred, CapturedAs(sample, step.deferred->names, step.mark), about_the_value));
  }
  return readings;
}

Step ReadWithCaptured(const Step& step, const NodePtr& captured, Problems& problems) {
  Step read = ReadWith(*step.deferred, captured, problems);
  read.used_at = step.used_at;
  return read;
}

}  // namespace bpfrig::client::plan
