// Sentences from parts.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace specom::portfolio {

inline std::string Concat(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (std::string_view part : parts) text += part;
  return text;
}

template <class List>
std::string Join(const List& list, std::string_view separator) {
  std::string text;
  for (const auto& item : list) {
    if (!text.empty()) text += separator;
    text += item;
  }
  return text;
}

}  // namespace specom::portfolio
