// What every target shares: one entry, and properties that must hold of any input. A target defines
// Examine; a crash, an exception that escapes, a sanitizer's report, a hang or a broken property is a
// finding.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace specom::fuzz {

void Examine(std::string_view input);

// Stops with the property's words when it does not hold.
inline void Require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN PROPERTY: %s\n", property);
  std::abort();
}

struct Section {
  // What follows the mark on its line.
  std::string name;
  std::string text;
};

// Parts of an input that begin with a line "==== name", so that a corpus can be read and written by hand.
inline std::vector<Section> Sections(std::string_view input) {
  constexpr std::string_view kMark = "==== ";
  std::vector<Section> sections;
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view line = input.substr(0, end == input.npos ? input.npos : end + 1);
    input.remove_prefix(line.size());
    if (line.starts_with(kMark)) {
      const std::size_t name_end = line.find('\n');
      sections.push_back({std::string(line.substr(kMark.size(), name_end - kMark.size())), ""});
    } else if (!sections.empty()) {
      sections.back().text += line;
    }
  }
  return sections;
}

// The text of the named section, "" without one.
inline std::string SectionOf(const std::vector<Section>& sections, std::string_view name) {
  for (const Section& section : sections) {
    if (section.name == name) return section.text;
  }
  return "";
}

}  // namespace specom::fuzz
