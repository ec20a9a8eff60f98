// For tests: what stands in a page of HTML, which is XML too.
#pragma once

#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <string>
#include <vector>

namespace bpfrig::client {

inline void ReadPage(const std::string& text, pugi::xml_document& page) {
  const pugi::xml_parse_result parsed =
      page.load_string(text.c_str(), pugi::parse_default | pugi::parse_ws_pcdata);
  ASSERT_TRUE(parsed) << parsed.description();
}

// All text in it, also that of elements in it.
inline std::string TextOf(const pugi::xml_node& node) {
  std::string text = node.value();
  for (const pugi::xml_node& child : node.children()) text += TextOf(child);
  return text;
}

// The text of each element, or attribute, that an XPath finds.
inline std::vector<std::string> TextsOf(const pugi::xml_node& root, const char* path) {
  std::vector<std::string> texts;
  for (const pugi::xpath_node& found : root.select_nodes(path)) {
    texts.push_back(found.node() ? TextOf(found.node()) : found.attribute().value());
  }
  return texts;
}

}  // namespace bpfrig::client
