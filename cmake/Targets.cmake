# How this project makes libraries and tests.

set(CMAKE_C_FLAGS_DEV "-O1 -g1")
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1")

# The presets set it. Whoever builds with a compiler that we never tried is not stopped by what it warns of.
option(BPFRIG_WERROR "Treat warnings as errors" OFF)
if(BPFRIG_WERROR)
  set(BPFRIG_WERROR_FLAG -Werror)
endif()

# What all of our own code is compiled with; generated code is not held to it. gcc 12 takes a shared_ptr in a list of
# initialisers for one that is read before it is written, and with -O2 finds copies of short strings out of bounds that
# are not (GCC bugs 105329 and 105651).
add_library(bpfrig_options INTERFACE)
target_compile_options(bpfrig_options INTERFACE
  -Wall -Wextra -Wpedantic ${BPFRIG_WERROR_FLAG} -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wimplicit-fallthrough "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow>")
target_include_directories(bpfrig_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(bpfrig_options INTERFACE BPFRIG_VERSION="${PROJECT_VERSION}")

# bpfrig_add_test(NAME LABEL COMMAND ... LIMITS ...)
# Every test of the project is added here. LIMITS are properties of a test, such as TIMEOUT 300.
function(bpfrig_add_test name label)
  cmake_parse_arguments(arg "" "" "COMMAND;LIMITS" ${ARGN})
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  set_tests_properties(${name} PROPERTIES
    LABELS ${label} TIMEOUT 300 ENVIRONMENT "${BPFRIG_TEST_ENVIRONMENT}" ${arg_LIMITS})
endfunction()

# bpfrig_layer(NAME [PRECOMPILED HEADERS] DEPENDS ... [TEST_DEPENDS ...])
# The library of the current folder: its *.cpp files, and an executable NAME_test of its *_test.cpp files,
# which need no root. DEPENDS are the layers and libraries that it may include. PRECOMPILED names other headers of
# Precompiled.cmake than bpfrig_headers.
function(bpfrig_layer name)
  cmake_parse_arguments(arg "" "PRECOMPILED" "DEPENDS;TEST_DEPENDS" ${ARGN})
  if(NOT arg_PRECOMPILED)
    set(arg_PRECOMPILED bpfrig_headers)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  add_library(${name} STATIC ${sources})
  bpfrig_libraries(libraries ${arg_DEPENDS})
  target_link_libraries(${name} PUBLIC bpfrig_options ${libraries})
  target_precompile_headers(${name} REUSE_FROM ${arg_PRECOMPILED})
  if(BUILD_TESTING AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${arg_TEST_DEPENDS} GTest::gmock GTest::gtest_main)
    target_precompile_headers(${name}_test REUSE_FROM ${arg_PRECOMPILED}_tests)
    bpfrig_add_test(unit.${name} unit COMMAND ${name}_test)
  endif()
endfunction()
