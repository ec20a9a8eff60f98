# Debian's packages alone; `./dev deps` installs them.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(Boost REQUIRED)
find_package(PkgConfig REQUIRED)
# gRPC's own CMake package misses abseil on Debian 12; its pkg-config file is complete.
pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc++)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf)
pkg_check_modules(LIBCAP REQUIRED IMPORTED_TARGET libcap)
pkg_check_modules(LIBMNL REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libssl libcrypto)
# Its pkg-config file asks for -pthread when compiling too, which no precompiled header of ours has.
find_library(RE2 re2 REQUIRED)
find_library(GRPC_REFLECTION grpc++_reflection REQUIRED)
find_program(PROTOC protoc REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

# bpfrig_find_llvm(VARIABLE TOOL): the newest TOOL of LLVM, or that without a number.
function(bpfrig_find_llvm variable tool)
  foreach(version RANGE 30 14 -1)
    list(APPEND names ${tool}-${version})
  endforeach()
  find_program(${variable} NAMES ${names} ${tool} REQUIRED)
endfunction()
# The compiler for BPF objects, whatever compiles the rest.
bpfrig_find_llvm(BPF_CLANG clang)
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()
