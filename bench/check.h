// What a benchmark cannot go on without.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace bpfrig::bench {

inline void Check(bool ok, const std::string& what) {
  if (ok) return;
  std::fprintf(stderr, "bpfrig_bench: stopped at %s\n", what.c_str());
  std::exit(1);
}

}  // namespace bpfrig::bench
