# How this project compiles BPF objects.

# v2, not v3: with 32-bit registers clang spills half a register into a slot that held a pointer, which the verifier
# refuses where the loader lacks CAP_PERFMON ("attempt to corrupt spilled pointer", clang 19, Linux 6.18).
# Debian keeps the asm headers in a folder of the machine's architecture, which the BPF target does not search.
set(BPFRIG_BPF_FLAGS -target bpf -mcpu=v2 -O2 -g -Wall -Wextra ${BPFRIG_WERROR_FLAG})
if(CMAKE_LIBRARY_ARCHITECTURE)
  list(APPEND BPFRIG_BPF_FLAGS -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
endif()

# bpfrig_bpf_object(SOURCE OUTPUTS [INCLUDES folder ...])
# Compiles SOURCE, a NAME.bpf.c of the current folder, to NAME.bpf.o in the build tree's folder of the same
# place, and appends that file to the list variable OUTPUTS.
function(bpfrig_bpf_object source outputs)
  cmake_parse_arguments(arg "" "" "INCLUDES" ${ARGN})
  get_filename_component(name ${source} NAME_WLE)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
  list(TRANSFORM arg_INCLUDES PREPEND -I)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${BPF_CLANG} ${BPFRIG_BPF_FLAGS} ${arg_INCLUDES} -MD -MF ${object}.d -MT ${object}
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    MAIN_DEPENDENCY ${source}
    DEPFILE ${object}.d
    COMMENT "Compiling BPF object ${name}.o"
    VERBATIM)
  set(${outputs} ${${outputs}} ${object} PARENT_SCOPE)
endfunction()

# bpfrig_bpf_objects(TARGET [INCLUDES folder ...])
# TARGET, built by default, makes an object of every *.bpf.c in the current folder.
function(bpfrig_bpf_objects target)
  file(GLOB sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.bpf.c)
  foreach(source IN LISTS sources)
    bpfrig_bpf_object(${source} objects ${ARGN})
  endforeach()
  add_custom_target(${target} ALL DEPENDS ${objects})
endfunction()
