// One row for each change, in the transaction of the change.
#include "services/finance/adapters/sql_change_record.h"

namespace specom::finance {
namespace {

const store::Statement& InsertChange() {
  static const store::Statement statement = {
      "insert_change_record",
      "INSERT INTO change_record (time_us, changed_by, organisation, method, resource, note, traceparent)"
      " VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7)"};
  return statement;
}

}  // namespace

absl::Status SqlChangeRecord::Append(store::UnitOfWork& work, const RequestContext& context,
                                     const std::string& resource, const std::string& note) {
  return work
      .Execute(InsertChange(),
               {absl::ToUnixMicros(clock_.Now()), context.principal.user, context.principal.organisation,
                context.method, resource, note, context.traceparent})
      .status();
}

}  // namespace specom::finance
