# The build rules of every room: warnings, one helper per kind of target, and the one precompiled header of torch.

include(GNUInstallDirs)

add_library(furrow_warnings INTERFACE)
target_compile_options(furrow_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                                 -Wold-style-cast)
# g++ 12 sees overlaps in std::string's operator+ that are not there (GCC bug 105651, fixed in 13).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(furrow_warnings INTERFACE -Wno-restrict)
endif()

# ccache needs to see through GCC's precompiled headers; the sloppiness is what its manual asks for with them.
find_program(FURROW_CCACHE ccache)
if(FURROW_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${FURROW_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()

# furrow_library(NAME HEADERS a.h… SOURCES a.cpp… PUBLIC targets… PRIVATE targets…)
# PUBLIC holds only what the headers name. Every header is compiled alone by all_verify_interface_header_sets.
function(furrow_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;SOURCES;PUBLIC;PRIVATE")
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${arg_HEADERS})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE furrow_warnings ${arg_PRIVATE})
  else()
    add_library(${name} INTERFACE)
    target_sources(${name} INTERFACE FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${arg_HEADERS})
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${arg_PUBLIC})
  endif()
endfunction()

# furrow_program(NAME SOURCES main.cpp… PRIVATE targets…): an installed executable.
function(furrow_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PRIVATE")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE furrow_warnings ${arg_PRIVATE})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# furrow_test(NAME SOURCES … PRIVATE … [LABELS unit|tensor|e2e…]): torch-free tests, registered one by one.
function(furrow_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PRIVATE;LABELS")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE FURROW_TEST_DATA="${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE furrow_warnings ${arg_PRIVATE} GTest::gmock GTest::gtest_main)
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  gtest_discover_tests(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 120)
endfunction()

# furrow_torch_test(NAME …): a torch-linked process takes a second to start, so the whole binary is one CTest entry.
function(furrow_torch_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PRIVATE")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE FURROW_TEST_DATA="${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE furrow_warnings ${arg_PRIVATE} GTest::gmock GTest::gtest_main)
  furrow_use_torch(${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS tensor TIMEOUT 900)
endfunction()

# furrow_fuzz_target(NAME PRIVATE targets…): NAME_fuzz.cpp, which holds one LLVMFuzzerTestOneInput. It is a fuzzer under
# FURROW_FUZZ; in every other build a unit test that gives it each file of corpus/NAME once.
function(furrow_fuzz_target name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PRIVATE")
  set(program ${name}_fuzz)
  add_executable(${program} ${name}_fuzz.cpp)
  target_include_directories(${program} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${program} PRIVATE FURROW_TEST_DATA="${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(${program} PRIVATE furrow_fuzz_support furrow_warnings ${arg_PRIVATE})
  if(FURROW_FUZZ)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    if(NOT TARGET fuzz_targets)
      add_custom_target(fuzz_targets)
    endif()
    add_dependencies(fuzz_targets ${program})
  else()
    target_link_libraries(${program} PRIVATE furrow_corpus_test)
    add_test(NAME ${program} COMMAND ${program} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    set_tests_properties(${program} PROPERTIES LABELS unit TIMEOUT 120)
  endif()
endfunction()

# furrow_torch_library(…): a furrow_library whose sources include torch headers.
function(furrow_torch_library name)
  furrow_library(${name} ${ARGN})
  furrow_use_torch(${name})
endfunction()

# One precompiled header for all of torch: 32 s and 600 MB once instead of 13 s a file.
function(furrow_use_torch name)
  if(NOT TARGET furrow_torch_pch)
    add_library(furrow_torch INTERFACE)
    target_include_directories(furrow_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
    target_link_libraries(furrow_torch INTERFACE ${TORCH_LIBRARIES})
    separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
    target_compile_options(furrow_torch INTERFACE ${torch_flags})
    file(WRITE ${CMAKE_BINARY_DIR}/furrow_torch_pch.cpp "// Carries the precompiled header.\n")
    add_library(furrow_torch_pch STATIC ${CMAKE_BINARY_DIR}/furrow_torch_pch.cpp)
    target_link_libraries(furrow_torch_pch PUBLIC furrow_torch PRIVATE furrow_warnings)
    target_include_directories(furrow_torch_pch PRIVATE ${CMAKE_SOURCE_DIR})
    target_precompile_headers(furrow_torch_pch PRIVATE <ATen/ATen.h> <c10/core/InferenceMode.h> <torch/version.h>
                              <algorithm> <array> <cmath> <map> <memory> <optional> <span> <string> <vector>)
  endif()
  get_target_property(type ${name} TYPE)
  if(type STREQUAL "EXECUTABLE")
    target_link_libraries(${name} PRIVATE furrow_torch)
  else()
    target_link_libraries(${name} PUBLIC furrow_torch)
  endif()
  target_precompile_headers(${name} REUSE_FROM furrow_torch_pch)
endfunction()

if(FURROW_TESTS)
  include(GoogleTest)
endif()
