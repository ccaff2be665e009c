# What `ecs-scaler --version` tells: SCALER_COMMIT, the commit that the sources are of, and
# SCALER_LIBRARIES, the libraries that are linked in with the versions that were found here.

# git archive, and so the source tarball of a release, has put the commit into this file.
file(STRINGS ${PROJECT_SOURCE_DIR}/cmake/commit.txt SCALER_COMMIT LIMIT_COUNT 1)
if(SCALER_COMMIT MATCHES "Format")
  set(SCALER_COMMIT "unknown")
  find_program(GIT git)
  # Without .git the folder may still lie within a clone of something else.
  if(GIT AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
    # A container often builds what another user has checked out.
    execute_process(
      COMMAND ${GIT} -c safe.directory=${PROJECT_SOURCE_DIR} describe --always --dirty --exclude=*
        --abbrev=40
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE described ERROR_QUIET
      OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(described)
      set(SCALER_COMMIT ${described})
    endif()
  endif()
endif()
# As many digits as people use, whatever length git would choose in this clone.
if(SCALER_COMMIT MATCHES "^([0-9a-f]+)(.*)$")
  string(SUBSTRING ${CMAKE_MATCH_1} 0 12 digits)
  set(SCALER_COMMIT "${digits}${CMAKE_MATCH_2}")
endif()

# scaler_version_in(variable header regex): the digits that a header or a package file states.
function(scaler_version_in variable file regex)
  set(version "")
  if(EXISTS "${file}")
    file(STRINGS ${file} lines REGEX ${regex} LIMIT_COUNT 1)
    string(REGEX REPLACE "^.*[^0-9.]([0-9][0-9.]*)[^0-9]*$" "\\1" version "${lines}")
  endif()
  set(${variable} "${version}" PARENT_SCOPE)
endfunction()

find_path(CLI11_INCLUDE CLI/Version.hpp)
find_file(YAML_CPP_VERSION_FILE yaml-cpp-config-version.cmake PATHS /usr/lib /usr/share
  PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE}/cmake/yaml-cpp cmake/yaml-cpp)
scaler_version_in(absl ${ABSL_INCLUDE}/absl/base/config.h "define ABSL_LTS_RELEASE_VERSION [0-9]")
scaler_version_in(cli11 ${CLI11_INCLUDE}/CLI/Version.hpp "define CLI11_VERSION \"")
scaler_version_in(yaml_cpp "${YAML_CPP_VERSION_FILE}" "PACKAGE_VERSION \"")
# No semicolon: it would end a compile definition.
string(CONCAT SCALER_LIBRARIES
  "OpenSSL ${OPENSSL_VERSION}, Boost ${Boost_VERSION_STRING}, {fmt} ${fmt_VERSION}, "
  "Abseil ${absl}, yaml-cpp ${yaml_cpp}, CLI11 ${cli11}, "
  "built by ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
