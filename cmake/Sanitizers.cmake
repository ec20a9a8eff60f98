# Builds for the sanitizers; the presets asan and tsan set BPFRIG_SANITIZE.

set(BPFRIG_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize=")
if(BPFRIG_SANITIZE)
  add_compile_options(-fsanitize=${BPFRIG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BPFRIG_SANITIZE})
endif()
