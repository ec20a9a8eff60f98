# Headers of others that most files include, compiled once. Ours are not among them, so that a change costs no more than
# the files that include it; generated code, which has other options, uses none. clang-tidy, the fuzz targets and the
# preset separate do without.

# An object library has a source.
set(empty ${CMAKE_BINARY_DIR}/precompiled.cpp)
file(GENERATE OUTPUT ${empty} CONTENT "")

# bpfrig_precompiled(NAME LIBRARIES ... HEADERS ...): NAME and, with GoogleTest's headers too, NAME_tests, for REUSE_FROM.
function(bpfrig_precompiled name)
  cmake_parse_arguments(arg "" "" "LIBRARIES;HEADERS" ${ARGN})
  list(APPEND arg_LIBRARIES absl::statusor absl::strings protobuf::libprotobuf)
  list(APPEND arg_HEADERS
    <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_join.h> <absl/strings/str_split.h>
    <google/protobuf/descriptor.pb.h> <google/protobuf/generated_enum_reflection.h>
    <google/protobuf/generated_message_reflection.h> <google/protobuf/message.h>
    <algorithm> <chrono> <functional> <map> <memory> <optional> <set> <string> <variant> <vector>)
  add_library(${name} OBJECT ${empty})
  target_link_libraries(${name} PRIVATE bpfrig_options ${arg_LIBRARIES})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
  if(BUILD_TESTING)
    add_library(${name}_tests OBJECT ${empty})
    target_link_libraries(${name}_tests PRIVATE bpfrig_options ${arg_LIBRARIES} GTest::gmock)
    target_precompile_headers(${name}_tests PRIVATE ${arg_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endfunction()

bpfrig_precompiled(bpfrig_headers)
bpfrig_precompiled(bpfrig_grpc_headers LIBRARIES PkgConfig::GRPC HEADERS <grpcpp/grpcpp.h>)
bpfrig_precompiled(bpfrig_asio_headers LIBRARIES Boost::headers HEADERS
  <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/ip/v6_only.hpp>
  <boost/asio/posix/stream_descriptor.hpp> <boost/asio/steady_timer.hpp>)
