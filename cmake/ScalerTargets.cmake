# One folder under src/ is one library. Its DEPS line is the only statement of what the folder may
# include; tools/check_layers.py compares the #include lines with it.

add_library(scaler_options INTERFACE)
target_compile_options(scaler_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wformat=2
  -ffunction-sections -fdata-sections
  $<$<BOOL:${SCALER_WERROR}>:-Werror>)
target_link_options(scaler_options INTERFACE -Wl,--gc-sections)
if(SCALER_SANITIZE)
  target_compile_options(scaler_options INTERFACE
    -fsanitize=${SCALER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(scaler_options INTERFACE -fsanitize=${SCALER_SANITIZE})
  # Each dereference twice over: without these a test compiles in three quarters of the time and is
  # half as large. ASan ends the program at a null as well, and the fuzzers (clang) check them all.
  if(SCALER_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(scaler_options INTERFACE -fno-sanitize=null,alignment,vptr)
  endif()
  if(SCALER_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(scaler_options INTERFACE -Wno-tsan)  # Asio uses fences, TSan says so.
  endif()
endif()
if(SCALER_STATIC)
  # Without it {fmt} drags the standard library's locales into the programs: 0.7 MB.
  target_compile_definitions(scaler_options INTERFACE "FMT_STATIC_THOUSANDS_SEPARATOR=','")
  # The linker's warning about getaddrinfo in static programs is harmless (docs/adr). It must not
  # be silenced with --no-warnings: that silences undefined symbols, too; the program is broken.
  target_link_options(scaler_options INTERFACE -static -no-pie -s)
  # What a fault in memory can be made into is bounded (docs/adr/0016 says what was left, and why).
  set(unguarded "$<BOOL:$<TARGET_PROPERTY:SCALER_UNGUARDED>>")
  target_compile_options(scaler_options INTERFACE
    $<$<NOT:${unguarded}>:-fstack-protector-strong> -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  target_link_options(scaler_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# Nothing is ever thrown through OpenSSL: without the tables that could unwind its functions a
# static program is 0.4 MB smaller.
if(SCALER_STATIC)
  foreach(library SSL Crypto)
    get_target_property(archive OpenSSL::${library} IMPORTED_LOCATION)
    set(lean ${PROJECT_BINARY_DIR}/lib/lib${library}.lean.a)
    if(${archive} IS_NEWER_THAN ${lean})
      file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
      execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${CMAKE_OBJCOPY}
        --remove-section=.eh_frame --remove-section=.rela.eh_frame ${archive} ${lean})
    endif()
    set_target_properties(OpenSSL::${library} PROPERTIES IMPORTED_LOCATION ${lean})
  endforeach()
endif()

# scaler_optimise(-Os folder ...): folders with another level of optimisation than the build's.
function(scaler_optimise level)
  foreach(folder IN LISTS ARGN)
    target_compile_options(scaler_${folder} PRIVATE ${level})
  endforeach()
endfunction()

# scaler_unguarded(folder ...): without stack protectors. For the folder of which a pass is made for
# the most part, and which has no array on any stack (docs/adr/0016).
function(scaler_unguarded)
  foreach(folder IN LISTS ARGN)
    set_target_properties(scaler_${folder} PROPERTIES SCALER_UNGUARDED TRUE)
  endforeach()
endfunction()

# What every test includes, parsed once instead of two hundred times. Not beside ccache, which would
# not know one of these again.
function(scaler_precompile_test_headers target)
  if(NOT SCALER_PCH OR CMAKE_CXX_COMPILER_LAUNCHER)
    return()
  endif()
  if(NOT TARGET scaler_test_headers)
    file(WRITE ${PROJECT_BINARY_DIR}/nothing.cc "")
    add_library(scaler_test_headers OBJECT ${PROJECT_BINARY_DIR}/nothing.cc)
    target_link_libraries(scaler_test_headers PRIVATE scaler_options GTest::gmock)
    target_precompile_headers(scaler_test_headers PRIVATE
      <algorithm> <array> <chrono> <cstdint> <expected> <functional> <map> <memory> <optional>
      <ranges> <set> <span> <string> <string_view> <utility> <variant> <vector> <fmt/format.h>
      <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM scaler_test_headers)
endfunction()

# Eight sources, or tests, are compiled as one, which takes a third of the time: most of what a
# compiler reads are headers. So a name, also one of an anonymous namespace, stands for one thing in
# the sources of a folder, and for one in its tests.
# Sources that are a library's (*_src.cc) stay alone, as they are made for that.
function(scaler_compile_together target)
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ${SCALER_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  if(SCALER_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)  # It takes each for a header.
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "_src[.]cc$")
  set_source_files_properties(${sources} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# Boost's compiled parts, built once; every user includes the headers only.
# scaler_boost_definitions(target) marks a target as such a user.
function(scaler_boost_definitions target)
  target_compile_definitions(${target} PUBLIC
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
endfunction()

# Headers stand alone. Those with a source of their own are its first include, which check_layers.py
# sees to; each of the others is parsed by itself, and nothing is made of it.
add_custom_target(headers_stand_alone)
function(scaler_check_headers folder)
  set(stamps)
  foreach(header IN LISTS ARGN)
    string(REGEX REPLACE "h$" "cc" source ${CMAKE_CURRENT_SOURCE_DIR}/${header})
    if(EXISTS ${source})
      continue()
    endif()
    set(stamp ${CMAKE_CURRENT_BINARY_DIR}/${header}.stands_alone)
    add_custom_command(OUTPUT ${stamp}
      COMMAND ${CMAKE_CXX_COMPILER} -std=c++23 -fsyntax-only -Wall -Wextra -Werror
        -I${PROJECT_SOURCE_DIR}/src -include ${CMAKE_CURRENT_SOURCE_DIR}/${header} -x c++ /dev/null
        -MD -MF ${stamp}.d -MT ${stamp}
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${header} DEPFILE ${stamp}.d COMMENT "Parsing ${header}" VERBATIM)
    list(APPEND stamps ${stamp})
  endforeach()
  add_custom_target(${folder}_headers DEPENDS ${stamps})
  add_dependencies(headers_stand_alone ${folder}_headers)
endfunction()

# scaler_library(<folder> DEPS <folders> LINK <libraries> HEADERS ... SOURCES ... TESTS ...
#                TEST_DEPS <folders>): TEST_DEPS is what only the tests include.
function(scaler_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;LINK;HEADERS;SOURCES;TESTS;TEST_DEPS" ${ARGN})
  set(target scaler_${name})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    scaler_compile_together(${target})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(scaler::${name} ALIAS ${target})
  target_sources(${target} ${scope}
    FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${ARG_HEADERS})
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${target} ${scope} scaler_${dep})
  endforeach()
  if(ARG_SOURCES)
    target_link_libraries(${target} PRIVATE scaler_options ${ARG_LINK})
  else()
    target_link_libraries(${target} INTERFACE ${ARG_LINK})
  endif()
  if(SCALER_TESTS)
    scaler_check_headers(${name} ${ARG_HEADERS})
  endif()
  if(SCALER_TESTS AND ARG_TESTS)
    scaler_test(${name}_test DEPS ${name} ${ARG_TEST_DEPS} SOURCES ${ARG_TESTS})
  endif()
endfunction()

# scaler_test(<program> DEPS <folders> SOURCES ...): a GoogleTest program, one ctest test per case.
function(scaler_test program)
  cmake_parse_arguments(ARG "" "" "DEPS;LINK;SOURCES" ${ARGN})
  add_executable(${program} ${ARG_SOURCES})
  scaler_compile_together(${program})
  scaler_precompile_test_headers(${program})
  target_link_libraries(${program} PRIVATE
    scaler_options ${ARG_LINK} GTest::gmock GTest::gtest_main)
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${program} PRIVATE scaler_${dep})
  endforeach()
  gtest_discover_tests(${program} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()

if(SCALER_TESTS)
  include(GoogleTest)
endif()
