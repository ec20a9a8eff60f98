#include "daemon/doctor/doctor.h"

#include <cstdio>
#include <vector>

#include "daemon/doctor/gather.h"
#include "daemon/doctor/judge.h"
#include "daemon/doctor/report.h"

namespace bpfrig::doctor {

int RunDoctor(const supervisor::Options& options) {
  const std::vector<Finding> findings = Judge(Gather(options));
  std::fputs(FormatReport(findings).c_str(), stdout);
  return CountFailures(findings) == 0 ? 0 : 1;
}

}  // namespace bpfrig::doctor
