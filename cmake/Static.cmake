# bpfrigd is started anew for every sandbox. Its libraries are linked into it: to load and bind 46 shared ones took two thirds
# of a worker's start. Shared stay the C library, for its name service and its updates, and libmnl, of
# which Debian has no archive; on Debian 13 elfutils too. All other programs start rarely, and share their libraries.

# What the sanitizers replace has to be shared.
set(static ON)
if(BPFRIG_SANITIZE)
  set(static OFF)
endif()
option(BPFRIG_STATIC "Link bpfrigd with the archives of libraries, not with shared ones" ${static})

# bpfrig_find_archives(VARIABLE NAME...): appends the archives libNAME.a.
function(bpfrig_find_archives variable)
  foreach(name IN LISTS ARGN)
    find_library(BPFRIG_ARCHIVE_${name} lib${name}.a REQUIRED)
    list(APPEND ${variable} ${BPFRIG_ARCHIVE_${name}})
  endforeach()
  set(${variable} ${${variable}} PARENT_SCOPE)
endfunction()

add_library(bpfrig_archives INTERFACE)
if(BPFRIG_STATIC)
  find_library(abseil libabsl_base.a REQUIRED)
  get_filename_component(abseil ${abseil} DIRECTORY)
  file(GLOB archives ${abseil}/libabsl_*.a)
  bpfrig_find_archives(archives protobuf bpf seccomp cap z)
  # The archives of Debian 13 (elfutils 0.192) lack a part that they need themselves.
  bpfrig_find_archives(elfutils dw elf bz2 lzma)
  include(CheckCSourceCompiles)
  set(CMAKE_REQUIRED_LIBRARIES -Wl,--start-group ${elfutils} ${BPFRIG_ARCHIVE_z} -Wl,--end-group)
  check_c_source_compiles("
    #include <elfutils/libdw.h>
    int main(void) { return dwarf_begin_elf(elf_begin(0, ELF_C_READ, 0), DWARF_C_READ, 0) == 0; }"
    BPFRIG_HAS_WHOLE_ELFUTILS)
  unset(CMAKE_REQUIRED_LIBRARIES)
  set(shared PkgConfig::LIBMNL)
  # What else bpfrigd may need, for the test that looks.
  set(BPFRIG_SHARED_LIBRARIES)
  if(BPFRIG_HAS_WHOLE_ELFUTILS)
    list(APPEND archives ${elfutils})
  else()
    find_library(BPFRIG_SHARED_ELF elf REQUIRED)
    list(APPEND shared PkgConfig::LIBDW ${BPFRIG_SHARED_ELF})
    set(BPFRIG_SHARED_LIBRARIES libdw.so.1 libelf.so.1)
  endif()
  # They need each other.
  target_link_libraries(bpfrig_archives INTERFACE
    -Wl,--start-group ${archives} -Wl,--end-group ${shared} Threads::Threads)
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
