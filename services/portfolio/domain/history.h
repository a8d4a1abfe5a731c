// All records of one kind, asked in two time dimensions: what held on a day, as known at a time.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/portfolio/domain/records.h"

namespace specom::portfolio {

// When a question is asked about: the day it concerns, and the time whose knowledge answers it.
struct Viewpoint {
  Date as_of;
  absl::Time as_known_at;
};

template <class T>
class History {
 public:
  History() = default;
  // Works out when each record was superseded. Of two records with the same id and version the
  // first counts.
  explicit History(std::vector<Record<T>> records) : records_(std::move(records)) {
    std::stable_sort(records_.begin(), records_.end(), [](const Record<T>& a, const Record<T>& b) {
      return std::pair(std::string_view(a.id), a.version) < std::pair(std::string_view(b.id), b.version);
    });
    records_.erase(std::unique(records_.begin(), records_.end(),
                               [](const Record<T>& a, const Record<T>& b) {
                                 return a.id == b.id && a.version == b.version;
                               }),
                   records_.end());
    for (std::size_t begin = 0; begin < records_.size();) {
      std::size_t end = begin;
      while (end < records_.size() && records_[end].id == records_[begin].id) ++end;
      index_.emplace(records_[begin].id, std::pair(begin, end));
      ids_.push_back(records_[begin].id);
      for (std::size_t i = begin; i < end; ++i) {
        if (records_[i].supersedes == 0) continue;
        for (std::size_t j = begin; j < end; ++j) {
          if (records_[j].version == records_[i].supersedes)
            records_[j].superseded_at = records_[i].recorded_at;
        }
      }
      begin = end;
    }
  }
  History(History&&) = default;
  History& operator=(History&&) = default;

  // By id, then version.
  const std::vector<Record<T>>& records() const { return records_; }
  // Every id that was ever recorded, sorted.
  const std::vector<std::string_view>& ids() const { return ids_; }

  // All versions of the id, by version; empty: unknown.
  std::span<const Record<T>> Versions(std::string_view id) const {
    auto it = index_.find(id);
    if (it == index_.end()) return {};
    return std::span(records_).subspan(it->second.first, it->second.second - it->second.first);
  }

  // The record of the id that holds on the day, as known; null: none does.
  const Record<T>* At(std::string_view id, Viewpoint at) const {
    const Record<T>* best = nullptr;
    for (const Record<T>& record : Versions(id)) {
      if (!record.KnownAt(at.as_known_at) || !record.effective.Contains(at.as_of)) continue;
      if (best == nullptr || Prevails(record, *best)) best = &record;
    }
    return best;
  }

  // The latest that is known of the id, on whatever day it holds; null: nothing is known.
  const Record<T>* Latest(std::string_view id, absl::Time as_known_at) const {
    const Record<T>* best = nullptr;
    for (const Record<T>& record : Versions(id)) {
      if (!record.KnownAt(as_known_at)) continue;
      if (best == nullptr || Prevails(record, *best)) best = &record;
    }
    return best;
  }

  // The days around `at.as_of` on which `record`, being At(id, at), is the answer.
  DateSpan SpanAround(const Record<T>& record, Viewpoint at) const {
    DateSpan span = record.effective;
    for (const Record<T>& other : Versions(record.id)) {
      if (&other == &record || !other.KnownAt(at.as_known_at) || !Prevails(other, record)) continue;
      if (other.effective.from > at.as_of) {
        if (!span.to || other.effective.from <= *span.to) span.to = other.effective.from.Plus(-1);
      } else if (other.effective.to && *other.effective.to >= span.from) {
        span.from = other.effective.to->Plus(1);
      }
    }
    return span;
  }

 private:
  static bool Prevails(const Record<T>& a, const Record<T>& b) {
    return std::tuple(a.effective.from, a.recorded_at, a.version) >
           std::tuple(b.effective.from, b.recorded_at, b.version);
  }

  std::vector<Record<T>> records_;
  std::vector<std::string_view> ids_;
  absl::flat_hash_map<std::string_view, std::pair<std::size_t, std::size_t>, std::hash<std::string_view>>
      index_;
};

}  // namespace specom::portfolio
