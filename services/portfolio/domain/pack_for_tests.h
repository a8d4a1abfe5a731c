// The England reference pack as a registry, for tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/portfolio/domain/record_files.h"
#include "services/portfolio/domain/registry.h"
#include "services/portfolio/reference/portfolio_reference.h"

namespace specom::portfolio {

inline Date Day(std::string_view text) {
  return Date::Parse(text).value();
}

inline std::vector<RecordFile> PackFiles() {
  std::vector<RecordFile> files;
  for (const auto& file : portfolio_reference()) {
    files.push_back({std::string(file.path), std::string(file.content)});
  }
  return files;
}

// As a new registry learns it.
inline std::shared_ptr<const Registry> PackRegistry() {
  static const std::shared_ptr<const Registry> registry = [] {
    std::vector<FileProblem> problems;
    ParsedFiles parsed = ParseRecordFiles(PackFiles(), problems);
    for (const auto& problem : problems) ADD_FAILURE() << ToString(problem);
    ImportPlan plan = PlanImport(*Registry::Build({}, 0, absl::InfinitePast()), parsed.records, std::nullopt);
    return Registry::Build(std::move(plan.records), 1, Day("2026-04-01").StartOfDayUtc());
  }();
  return registry;
}

// A day, with all that is known.
inline Viewpoint On(std::string_view day) {
  return {Day(day), absl::InfiniteFuture()};
}
// A day, as known at the end of another.
inline Viewpoint On(std::string_view day, std::string_view known) {
  return {Day(day), Day(known).Plus(1).StartOfDayUtc() - absl::Microseconds(1)};
}

}  // namespace specom::portfolio
