# Builds for the sanitizers; the presets asan and tsan set BPFRIG_SANITIZE.

set(BPFRIG_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize=")
if(BPFRIG_SANITIZE)
  # vptr asks the kernel through a new pipe whether an object is there: a process out of descriptors, as tests make them,
  # would be told that it is not.
  add_compile_options(
    -fsanitize=${BPFRIG_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_compile_definitions(BPFRIG_SANITIZED)
  add_link_options(-fsanitize=${BPFRIG_SANITIZE})
endif()

# For libFuzzer, which takes clang: the preset fuzz. Programs other than fuzz targets are built, but not for use.
option(BPFRIG_FUZZ "Build tests/fuzz for libFuzzer" OFF)
if(BPFRIG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# What tests run with. Leaks of libraries' own, each with its reason, are left out of the leak sanitizer's verdict.
if(BPFRIG_SANITIZE)
  set(BPFRIG_TEST_ENVIRONMENT LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/sanitizers/lsan.supp:print_suppressions=0)
endif()
