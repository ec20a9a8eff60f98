# What every program is hardened with, in every preset. tests/hardening reads it off those that are shipped.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)

add_compile_options(-fPIE -fstack-protector-strong)
add_link_options(-pie LINKER:-z,relro,-z,now,-z,noexecstack)

# Those that not every compiler has for every processor.
foreach(flag -fstack-clash-protection -fcf-protection)
  string(MAKE_C_IDENTIFIER "BPFRIG_HAS${flag}" known)
  check_cxx_compiler_flag(${flag} ${known})
  if(${known})
    add_compile_options(${flag})
  endif()
endforeach()

# Level 3 knows the size of what was allocated at run time too. It takes a compiler and a C library that have it, and
# any level takes an optimising compiler. The address sanitizer looks for the same and more, and not past these checks.
set(CMAKE_REQUIRED_FLAGS "-O1 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_cxx_source_compiles("
  #include <cstdlib>
  #if __USE_FORTIFY_LEVEL < 3
  #error only level 2
  #endif
  int main() {}" BPFRIG_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
set(fortify 2)
if(BPFRIG_HAS_FORTIFY_3)
  set(fortify 3)
endif()
if(NOT BPFRIG_SANITIZE)
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=${fortify}>)
endif()
