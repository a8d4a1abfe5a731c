#include "tools/specom/platform.h"

#include <cstdlib>
#include <filesystem>
#include <functional>

#include "libs/base/status.h"
#include "services/finance/service.h"
#include "services/portfolio/service.h"
#include "services/reporting/service.h"

namespace specom::cli {
namespace {

// Where the platform answers; known once it has started.
using Address = std::function<std::string()>;
using MakeModule =
    std::function<absl::StatusOr<std::unique_ptr<rpc::Module>>(store::Store&, rpc::Host&, const Address&)>;

struct Service {
  std::string name;
  MakeModule make;
};

const std::vector<Service>& Services() {
  static const std::vector<Service> services = {
      {"portfolio", [](store::Store& store, rpc::Host& host,
                       const Address&) { return portfolio::NewPortfolioModule(store, host); }},
      {"finance",
       [](store::Store& store, rpc::Host& host, const Address& address) {
         finance::FinanceConfig config;
         config.portfolio_endpoint = address;
         return finance::NewFinanceModule(config, store, host);
       }},
      {"reporting",
       [](store::Store& store, rpc::Host& host, const Address&) {
         return reporting::NewReportingModule(reporting::ReportingConfig{}, store, host);
       }},
  };
  return services;
}

}  // namespace

const std::vector<std::string>& ServiceNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const auto& service : Services()) result.push_back(service.name);
    return result;
  }();
  return names;
}

store::DatabaseConfig DataOptions::Database(const std::string& service) const {
  store::DatabaseConfig config;
  config.url = database_url.empty() ? Secret("sqlite:" + data_dir + "/" + service + ".db") : database_url;
  config.schema = service;
  return config;
}

absl::StatusOr<std::unique_ptr<Platform>> Platform::Create(const PlatformOptions& options) {
  auto platform = std::unique_ptr<Platform>(new Platform());
  rpc::HostConfig config;
  config.program = "specom";
  config.listen = options.listen;
  config.admin_listen = options.admin_listen;
  config.identity = options.identity;
  config.tls = options.tls;
  config.tokens = options.tokens;
  config.audit = options.audit;
  config.redis_url = options.data.redis_url;
  config.log_level = options.log_level;
  ASSIGN_OR_RETURN(platform->host_, rpc::ServiceHost::Create(config));
  const Address address = [host = platform->host_.get()] { return host->address(); };
  for (const auto& service : Services()) {
    ASSIGN_OR_RETURN(auto store, store::OpenStore(options.data.Database(service.name), platform->clock_));
    ASSIGN_OR_RETURN(auto module, service.make(*store, platform->host_->host(), address));
    platform->stores_.push_back(std::move(store));
    platform->modules_.push_back(module.get());
    platform->host_->Add(std::move(module));
  }
  return platform;
}

Platform::~Platform() {
  if (host_ != nullptr) host_->Stop();
}

absl::StatusOr<int> Platform::Migrate() {
  return host_->Migrate();
}
std::vector<std::pair<std::string, absl::Status>> Platform::CheckSchemas() {
  std::vector<std::pair<std::string, absl::Status>> states;
  for (rpc::Module* module : modules_) states.emplace_back(module->name(), module->CheckSchema());
  return states;
}

absl::Status Platform::Start() {
  return host_->Start();
}
std::string Platform::address() const {
  return host_->address();
}
void Platform::Stop() {
  host_->Stop();
}

absl::StatusOr<std::unique_ptr<TemporaryFolder>> TemporaryFolder::Make() {
  const char* base = std::getenv("TMPDIR");
  std::string path = std::string(base == nullptr || *base == '\0' ? "/tmp" : base) + "/specom.XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return absl::FailedPreconditionError("no folder can be made in " + path.substr(0, path.rfind('/')) +
                                         "; set TMPDIR to one that can be written");
  }
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace specom::cli
