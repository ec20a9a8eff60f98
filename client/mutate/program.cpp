#include "client/mutate/program.h"

#include <utility>

#include "absl/strings/ascii.h"

namespace bpfrig::client::mutate {

Program::Program(const bpfrig::v1::ProgramInstructions& listed, std::string type)
    : name_(listed.program()),
      type_(std::move(type)),
      instructions_(Decode(listed.instructions())),
      may_change_(instructions_.size(), true),
      has_lines_(listed.lines_size() > 0) {
  for (const uint32_t index : listed.relocated()) {
    if (index < may_change_.size()) may_change_[index] = false;
  }
  for (size_t i = 0; i + 1 < instructions_.size(); ++i) {
    if (instructions_[i].IsWide()) may_change_[i + 1] = false;
  }
  AddPlaces(listed);
  for (size_t i = 0; i < instructions_.size(); ++i) {
    if (has_lines_ && !PlaceOf(i).IsKnown()) may_change_[i] = false;
  }
}

void Program::AddPlaces(const bpfrig::v1::ProgramInstructions& listed) {
  int next_function = 0;
  int next_line = 0;
  Place place;
  place.function = name_;
  places_.push_back(place);
  for (size_t i = 0; i < instructions_.size(); ++i) {
    bool is_new = false;
    while (next_function < listed.functions_size() && listed.functions(next_function).instruction() <= i) {
      // A line holds to its function's end at most.
      place = Place{listed.functions(next_function++).name(), "", 0, ""};
      is_new = true;
    }
    while (next_line < listed.lines_size() && listed.lines(next_line).instruction() <= i) {
      const bpfrig::v1::SourceLine& line = listed.lines(next_line++);
      place.file = line.file();
      place.line = line.line();
      place.text = std::string(absl::StripAsciiWhitespace(line.text()));
      is_new = true;
    }
    if (is_new) places_.push_back(place);
    place_of_.push_back(places_.size() - 1);
  }
}

}  // namespace bpfrig::client::mutate
