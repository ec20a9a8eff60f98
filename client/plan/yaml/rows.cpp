#include "client/plan/yaml/rows.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/plan/yaml/scalars.h"

namespace bpfrig::client::plan {
namespace {

constexpr size_t kMaxRows = 10'000;

bool CheckRow(const NodePtr& row, Problems& problems) {
  if (!row->IsMapping() || !row->tag.empty()) {
    problems.Add(row->mark,
                 absl::StrCat("a row of each must be a mapping of names to values, not ", Describe(*row)));
    return false;
  }
  for (const NodePair& pair : row->pairs) {
    if (IsVariableName(pair.key->text)) continue;
    problems.Add(pair.key->mark,
                 absl::StrCat("a row's name must be letters, digits and '_', not \"", pair.key->text, "\""));
  }
  return true;
}

std::vector<NodePtr> ReadEach(const NodePtr& each, Problems& problems) {
  std::vector<NodePtr> rows;
  ReadList(each, "each", problems, [&](const NodePtr& row) {
    if (CheckRow(row, problems)) rows.push_back(row);
  });
  if (each->IsSequence() && each->items.empty()) {
    problems.Add(each->mark, "each is empty; at least one row was expected");
  }
  return rows;
}

// Each row once for each of the values.
std::vector<NodePtr> Combined(const std::vector<NodePtr>& rows, const NodePair& axis) {
  std::vector<NodePtr> combined;
  for (const NodePtr& row : rows) {
    for (const NodePtr& value : axis.value->items) {
      auto longer = row == nullptr ? std::make_shared<Node>() : std::make_shared<Node>(*row);
      longer->kind = Node::Kind::kMapping;
      if (row == nullptr) longer->mark = axis.key->mark;
      longer->pairs.push_back({axis.key, value});
      combined.push_back(std::move(longer));
    }
  }
  return combined;
}

bool CheckAxis(const NodePair& axis, const std::vector<NodePtr>& rows, Problems& problems) {
  const std::string& name = axis.key->text;
  if (!IsVariableName(name)) {
    problems.Add(axis.key->mark,
                 absl::StrCat("a name of matrix must be letters, digits and '_', not \"", name, "\""));
    return false;
  }
  if (!axis.value->IsSequence() || !axis.value->tag.empty() || axis.value->items.empty()) {
    problems.Add(axis.value->mark,
                 absl::StrCat(name, " of matrix must be a list of its values, not ",
                              axis.value->IsSequence() ? "an empty one" : Describe(*axis.value)));
    return false;
  }
  const bool is_taken = std::any_of(rows.begin(), rows.end(), [&](const NodePtr& row) {
    return row != nullptr && FindKey(*row, name) != nullptr;
  });
  if (is_taken) {
    problems.Add(axis.key->mark, absl::StrCat("matrix and each both have ", name));
    return false;
  }
  if (rows.size() * axis.value->items.size() <= kMaxRows) return true;
  problems.Add(axis.key->mark, absl::StrCat("matrix has more than ", kMaxRows, " combinations"));
  return false;
}

}  // namespace

bool IsVariableName(absl::string_view name) {
  const auto is_word = [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !name.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), is_word);
}

std::vector<NodePtr> ReadRows(const NodePtr& each, const NodePtr& matrix, Problems& problems) {
  std::vector<NodePtr> rows = each == nullptr ? std::vector<NodePtr>{nullptr} : ReadEach(each, problems);
  if (matrix == nullptr) return rows;
  if (!matrix->IsMapping() || !matrix->tag.empty() || matrix->pairs.empty()) {
    problems.Add(matrix->mark, absl::StrCat("matrix must be a mapping of names to lists of values, such as "
                                            "{family: [v4, v6]}, not ",
                                            matrix->IsMapping() && matrix->tag.empty() ? "an empty one"
                                                                                       : Describe(*matrix)));
    return rows;
  }
  for (const NodePair& axis : matrix->pairs) {
    if (!CheckAxis(axis, rows, problems)) return rows;
    rows = Combined(rows, axis);
  }
  return rows;
}

}  // namespace bpfrig::client::plan
