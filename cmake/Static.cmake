# bpfrigd is started anew for every sandbox. Its libraries are linked into it: to load and bind 46 shared ones took two thirds
# of a worker's start. Shared stay the C library, for its name service and its updates, and libmnl, of
# which Debian has no archive. All other programs start rarely, and share their libraries.

# What the sanitizers replace has to be shared.
set(static ON)
if(BPFRIG_SANITIZE)
  set(static OFF)
endif()
option(BPFRIG_STATIC "Link bpfrigd with the archives of libraries, not with shared ones" ${static})

add_library(bpfrig_archives INTERFACE)
if(BPFRIG_STATIC)
  find_library(abseil libabsl_base.a REQUIRED)
  get_filename_component(abseil ${abseil} DIRECTORY)
  file(GLOB archives ${abseil}/libabsl_*.a)
  foreach(name protobuf bpf dw elf seccomp cap z bz2 lzma)
    find_library(BPFRIG_ARCHIVE_${name} lib${name}.a REQUIRED)
    list(APPEND archives ${BPFRIG_ARCHIVE_${name}})
  endforeach()
  # Debian 13's libelf reads compressed sections with it.
  find_library(BPFRIG_ARCHIVE_zstd libzstd.a)
  if(BPFRIG_ARCHIVE_zstd)
    list(APPEND archives ${BPFRIG_ARCHIVE_zstd})
  endif()
  # They need each other.
  target_link_libraries(bpfrig_archives INTERFACE
    -Wl,--start-group ${archives} -Wl,--end-group PkgConfig::LIBMNL Threads::Threads)
  target_link_options(bpfrig_archives INTERFACE -static-libstdc++ -static-libgcc)
endif()

# bpfrig_libraries(VARIABLE DEPENDENCY...): what a layer links to: libraries of others (NAMESPACE::NAME) as they are, and in
# programs with the property BPFRIG_STATIC bpfrig_archives in their place.
function(bpfrig_libraries variable)
  set(libraries)
  foreach(name IN LISTS ARGN)
    if(name MATCHES "^(absl|protobuf|PkgConfig)::")
      set(name $<IF:$<BOOL:$<TARGET_PROPERTY:BPFRIG_STATIC>>,bpfrig_archives,${name}>)
    endif()
    list(APPEND libraries ${name})
  endforeach()
  set(${variable} ${libraries} PARENT_SCOPE)
endfunction()
