// The public API's descriptors with the comments of the .proto files: a google.protobuf.FileDescriptorSet.
// Made by the build (proto/CMakeLists.txt).
#pragma once

#include <cstddef>

namespace bpfrig {

extern const unsigned char kApiDescriptors[];
extern const size_t kApiDescriptorsSize;

}  // namespace bpfrig
