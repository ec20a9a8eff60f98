# The version with the commit that a program was built from, for `--version`: bpfrig_version, common/version.h.
# It is looked up in every build, and changes one small source file, so that a commit rebuilds nothing else.
set(BPFRIG_REVISION "" CACHE STRING "The commit, where it is not to be asked of git")

set(version_source ${CMAKE_BINARY_DIR}/version/version.cpp)
set(write_version ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
  -DREVISION=${BPFRIG_REVISION} -DOUTPUT=${version_source} -P ${CMAKE_SOURCE_DIR}/cmake/WriteVersion.cmake)
add_custom_target(write_version COMMAND ${write_version} BYPRODUCTS ${version_source} VERBATIM)

add_library(bpfrig_version STATIC ${version_source})
target_include_directories(bpfrig_version PUBLIC ${CMAKE_SOURCE_DIR})
add_dependencies(bpfrig_version write_version)
