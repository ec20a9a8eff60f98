// A page of HTML that stands by itself: it needs no script, and nothing outside of it. Head, style and
// escaping of all pages are here. What it writes is XML too.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::client::report {

// An element of a page, which outlives it. Tags, styles and the names and values of attributes are words of
// ours; all that comes from elsewhere gets in as text, any bytes.
class HtmlElement {
 public:
  explicit HtmlElement(pugi::xml_node node) : node_(node) {}

  // Adds an element behind those that are in it. `style` is one or more classes of html_style.h.
  HtmlElement Add(const char* tag, const char* style = "");
  HtmlElement AddText(const char* tag, absl::string_view text, const char* style = "");
  HtmlElement& Text(absl::string_view text);
  HtmlElement& Set(const char* name, const std::string& value);

 private:
  pugi::xml_node node_;
};

class HtmlPage {
 public:
  // `heading` stands above the page, too.
  explicit HtmlPage(absl::string_view heading);

  [[nodiscard]] HtmlElement body() { return HtmlElement(body_); }
  [[nodiscard]] std::string ToString() const;

 private:
  pugi::xml_document document_;
  pugi::xml_node title_;
  pugi::xml_node body_;
};

// What a page says of the whole: names of ours, and what there is to say.
void AddFacts(HtmlElement parent, const std::vector<std::pair<const char*, std::string>>& facts);
// A table with these words above its columns, in a box in which it scrolls if it is too wide.
[[nodiscard]] HtmlElement AddTable(HtmlElement parent, const std::vector<const char*>& columns,
                                   const char* style = "");
// A word for what something came to, in its colour and with its mark.
void AddBadge(HtmlElement parent, absl::string_view word, const char* style);

}  // namespace bpfrig::client::report
