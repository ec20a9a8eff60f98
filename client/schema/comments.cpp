#include "client/schema/comments.h"

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "proto/api_descriptors.h"
#include "proto/rules/call_traits.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::schema {
namespace {

using google::protobuf::FileDescriptorProto;
using Comments = std::map<std::string, std::string>;

std::string InOneLine(const std::string& comment) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(comment, '\n', absl::SkipWhitespace())) {
    lines.emplace_back(absl::StripAsciiWhitespace(line));
  }
  return absl::StrJoin(lines, " ");
}

// Plans' words for the names of calls, their requests and their fields, as far as they differ and each name
// has one.
const std::map<std::string, std::string>& PlanWords() {
  static const auto& words = *new std::map<std::string, std::string>([] {
    std::map<std::string, std::set<std::string>> all;
    for (int i = 0; i < rules::Service().method_count(); ++i) {
      const auto& method = *rules::Service().method(i);
      const std::string& step = rules::StepOf(method).name();
      if (step.empty()) continue;
      all[method.name()] = all[method.input_type()->name()] = {absl::StrCat("`", step, "`")};
      for (const auto* type : {method.input_type(), method.output_type()}) {
        for (int j = 0; j < type->field_count(); ++j) {
          all[type->field(j)->name()].insert(rules::PlanName(*type->field(j)));
        }
      }
    }
    std::map<std::string, std::string> unique;
    for (const auto& [name, names] : all) {
      if (names.size() == 1 && *names.begin() != name) unique[name] = *names.begin();
    }
    return unique;
  }());
  return words;
}

std::string InPlanWords(const std::string& text) {
  const auto is_of_name = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  std::string result;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && is_of_name(text[end])) ++end;
    if (end == i) {
      result.push_back(text[i++]);
      continue;
    }
    const std::string word = text.substr(i, end - i);
    const auto found = PlanWords().find(word);
    result += found == PlanWords().end() ? word : found->second;
    i = end;
  }
  return result;
}

// The full name of what a location's path leads to; empty for what has no comment worth showing. A path is of
// numbers of fields and indexes, as descriptor.proto says at SourceCodeInfo.
template <typename Path>
std::string NameOf(const FileDescriptorProto& file, const Path& path) {
  const bool is_member = path.size() == 4;
  if (path.size() != 2 && !is_member) return "";
  const std::string prefix = file.package() + ".";
  switch (path[0]) {
    case FileDescriptorProto::kMessageTypeFieldNumber: {
      const auto& message = file.message_type(path[1]);
      if (!is_member) return prefix + message.name();
      if (path[2] != google::protobuf::DescriptorProto::kFieldFieldNumber) return "";
      return absl::StrCat(prefix, message.name(), ".", message.field(path[3]).name());
    }
    case FileDescriptorProto::kEnumTypeFieldNumber: {
      const auto& type = file.enum_type(path[1]);
      if (!is_member) return prefix + type.name();
      if (path[2] != google::protobuf::EnumDescriptorProto::kValueFieldNumber) return "";
      // As C++ has it, a value's name is not below its enum's.
      return prefix + type.value(path[3]).name();
    }
    case FileDescriptorProto::kServiceFieldNumber: {
      const auto& service = file.service(path[1]);
      if (!is_member || path[2] != google::protobuf::ServiceDescriptorProto::kMethodFieldNumber) return "";
      return absl::StrCat(prefix, service.name(), ".", service.method(path[3]).name());
    }
    default:
      return "";
  }
}

Comments ReadComments() {
  google::protobuf::FileDescriptorSet set;
  Comments comments;
  if (!set.ParseFromArray(kApiDescriptors, static_cast<int>(kApiDescriptorsSize))) return comments;
  for (const FileDescriptorProto& file : set.file()) {
    for (const auto& location : file.source_code_info().location()) {
      const std::string name = NameOf(file, location.path());
      if (!name.empty()) comments[name] = InPlanWords(InOneLine(location.leading_comments()));
    }
  }
  return comments;
}

}  // namespace

const std::string& CommentOf(const std::string& full_name) {
  static const auto& comments = *new Comments(ReadComments());
  static const auto& none = *new std::string;
  const auto found = comments.find(full_name);
  return found == comments.end() ? none : found->second;
}

}  // namespace bpfrig::client::schema
