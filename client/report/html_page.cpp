#include "client/report/html_page.h"

#include <sstream>

#include "absl/strings/str_cat.h"
#include "client/report/html_style.h"
#include "client/report/printable.h"

namespace bpfrig::client::report {
namespace {

// Blanks are text, and only the elements of the head that kHead has may be empty in HTML.
constexpr unsigned kPrintFlags = pugi::format_raw | pugi::format_no_empty_element_tags;

constexpr const char* kHead =
    "<meta charset=\"utf-8\"/>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
    "<meta name=\"color-scheme\" content=\"light dark\"/>\n";

void Print(const pugi::xml_node& node, std::ostream& stream) {
  node.print(stream, "", kPrintFlags, pugi::encoding_utf8);
}

}  // namespace

HtmlElement HtmlElement::Add(const char* tag, const char* style) {
  HtmlElement added(node_.append_child(tag));
  if (*style != '\0') added.Set("class", style);
  return added;
}

HtmlElement HtmlElement::AddText(const char* tag, absl::string_view text, const char* style) {
  return Add(tag, style).Text(text);
}

HtmlElement& HtmlElement::Text(absl::string_view text) {
  node_.append_child(pugi::node_pcdata).set_value(Printable(text).c_str());
  return *this;
}

HtmlElement& HtmlElement::Set(const char* name, const std::string& value) {
  node_.append_attribute(name) = Printable(value).c_str();
  return *this;
}

HtmlPage::HtmlPage(absl::string_view heading)
    : title_(document_.append_child("title")), body_(document_.append_child("body")) {
  HtmlElement(title_).Text(heading);
  body().AddText("h1", heading);
}

std::string HtmlPage::ToString() const {
  std::ostringstream text;
  text << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n" << kHead;
  Print(title_, text);
  text << "\n<style>\n" << kHtmlStyle << "</style>\n</head>\n";
  Print(body_, text);
  text << "\n</html>\n";
  return text.str();
}

void AddFacts(HtmlElement parent, const std::vector<std::pair<const char*, std::string>>& facts) {
  HtmlElement list = parent.Add("dl", "facts");
  for (const auto& [name, fact] : facts) {
    list.AddText("dt", name);
    list.AddText("dd", fact);
  }
}

HtmlElement AddTable(HtmlElement parent, const std::vector<const char*>& columns, const char* style) {
  HtmlElement table = parent.Add("div", "box").Add("table", style);
  HtmlElement row = table.Add("thead").Add("tr");
  for (const char* column : columns) row.AddText("th", column).Set("scope", "col");
  return table;
}

void AddBadge(HtmlElement parent, absl::string_view word, const char* style) {
  parent.AddText("span", word, absl::StrCat("badge ", style).c_str());
}

}  // namespace bpfrig::client::report
