// A file whose bytes are part of the program.
#pragma once

#include <span>
#include <string_view>

namespace specom {

struct EmbeddedFile {
  // Relative to the folder that it was embedded from, e.g. "sqlite/0001_registry.sql".
  std::string_view path;
  std::string_view content;
};

}  // namespace specom
