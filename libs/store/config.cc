#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>

#include "libs/base/check.h"
#include "libs/store/store.h"

namespace specom::store {
namespace {

bool IsPlainName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && name.size() <= 63 && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool IsPostgresqlUrl(const std::string& url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

}  // namespace

std::string_view ToString(Engine engine) {
  switch (engine) {
    case Engine::kSqlite:
      return "sqlite";
    case Engine::kPostgresql:
      return "postgresql";
  }
  SPECOM_CHECK(false);
}

std::vector<std::string> DatabaseConfig::Verify() const {
  std::vector<std::string> problems;
  const std::string& address = url.Reveal();
  if (address.starts_with("sqlite:")) {
    const std::string path = address.substr(7);
    if (path.empty() || path == ":memory:") {
      problems.push_back("the database URL names no file: write sqlite:/path/to/file.db");
    }
    if (path.find('"') != path.npos)
      problems.push_back("the path in the database URL must not contain a quote");
  } else if (IsPostgresqlUrl(address)) {
    char* complaint = nullptr;
    PQconninfoOption* options = PQconninfoParse(address.c_str(), &complaint);
    if (options == nullptr) {
      // libpq's own words may repeat the password.
      problems.push_back("the database URL cannot be read: write postgresql://user@host:port/database");
    }
    PQconninfoFree(options);
    PQfreemem(complaint);
    if (!IsPlainName(schema)) {
      problems.push_back(
          "the database schema \"" + schema +
          "\" must be 1 to 63 lower-case letters, digits and underscores, not beginning with a digit");
    }
  } else {
    problems.push_back("the database URL must begin with sqlite: or postgresql://");
  }
  if (connections < 1 || connections > 1000) {
    problems.push_back("the number of database connections must be from 1 to 1000, not " +
                       std::to_string(connections));
  }
  return problems;
}

}  // namespace specom::store
