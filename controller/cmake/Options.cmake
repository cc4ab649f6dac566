# SPDX-License-Identifier: Apache-2.0
# What every target of ours is compiled with: standard, warnings, sanitizers, hardening.
option(INTERLUDE_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(INTERLUDE_HARDEN "Hardening flags of a release" OFF)
option(INTERLUDE_WERROR "Warnings are errors" ON)
option(INTERLUDE_ANALYZE "gcc -fanalyzer" OFF)

add_library(project_options INTERFACE)
target_compile_features(project_options INTERFACE c_std_17)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

target_compile_definitions(project_options INTERFACE _GNU_SOURCE)
target_include_directories(project_options INTERFACE ${PROJECT_SOURCE_DIR}/controller)
target_compile_options(project_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wswitch-enum
  -Wpointer-arith -Wdouble-promotion
  $<$<C_COMPILER_ID:GNU>:-Wjump-misses-init;-Wlogical-op;-Wduplicated-cond;-Wduplicated-branches>
  $<$<BOOL:${INTERLUDE_WERROR}>:-Werror>
  $<$<BOOL:${INTERLUDE_ANALYZE}>:-fanalyzer>)

if(INTERLUDE_SANITIZE)
  target_compile_options(project_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(project_options INTERFACE -fsanitize=address,undefined)
endif()

if(INTERLUDE_HARDEN)
  # assert stays on in a release: a bug must stop the process before it writes.
  target_compile_options(project_options INTERFACE
    -fstack-protector-strong -fstack-clash-protection -fcf-protection
    $<$<NOT:$<BOOL:${INTERLUDE_SANITIZE}>>:-D_FORTIFY_SOURCE=2>)
  target_link_options(project_options INTERFACE
    -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)
  include(CheckPIESupported)
  check_pie_supported(LANGUAGES C)
endif()

# interlude_library(NAME folder-name SOURCES ... LINK ...): one static library per folder.
function(interlude_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(interlude_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(interlude_${name} PUBLIC project_options ${ARG_LINK})
endfunction()
