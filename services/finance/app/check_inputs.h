// Checks the files of an input folder and returns every problem; stores nothing.
#pragma once

#include "libs/auth/request_context.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class CheckInputFiles {
 public:
  explicit CheckInputFiles(const InputReader& reader) : reader_(reader) {}

  InputFindings Execute(const RequestContext&, const InputFiles& files) const { return reader_.Read(files); }

 private:
  const InputReader& reader_;
};

}  // namespace specom::finance
