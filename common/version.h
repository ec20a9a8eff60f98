#pragma once

// What `--version` prints. Two programs that are to work together compare BPFRIG_VERSION, which has no
// revision.

namespace bpfrig::common {

// "0.1.0 (b2d98b0)": the project's version, and the commit it was built from where the build could tell.
const char* VersionAndRevision();

}  // namespace bpfrig::common
