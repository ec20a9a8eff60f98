# A script: writes OUTPUT, which has the text that common/version.h declares: VERSION, and in parentheses REVISION or
# the commit that SOURCE has checked out. A source tree that is not a clone has none.
cmake_minimum_required(VERSION 3.22)
if(NOT REVISION AND EXISTS ${SOURCE}/.git)
  # Named outright, so that neither a repository around this one nor another owner of the files matters.
  execute_process(
    COMMAND git --git-dir=${SOURCE}/.git rev-parse --short HEAD
    OUTPUT_VARIABLE REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(REVISION)
  set(VERSION "${VERSION} (${REVISION})")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT "#include \"common/version.h\"

namespace bpfrig::common {

const char* VersionAndRevision() { return \"@VERSION@\"; }

}  // namespace bpfrig::common
")
