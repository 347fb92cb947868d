# SPDX-License-Identifier: MIT
# How every target of the project is compiled, and the three ways to make one:
# a floor (one folder of src/), a test (one cmocka program) and nothing else.

set(SMMU_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Wcast-qual)
if(SMMU_WERROR)
  list(APPEND SMMU_WARNINGS -Werror)
endif()

# Flags are per target, so that a project which takes us in by
# add_subdirectory keeps its own.
function(smmu_compile_options target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
  # Nobody puts a function of his own in the place of one of ours.
  target_compile_options(${target} PRIVATE ${SMMU_WARNINGS} -fno-semantic-interposition)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  if(SMMU_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${SMMU_SANITIZE}
      -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${SMMU_SANITIZE})
    if(SMMU_SANITIZE MATCHES undefined) # which gcc does not tell
      target_compile_definitions(${target} PRIVATE SMMU_UNDEFINED_SANITIZER)
    endif()
  endif()
endfunction()

# smmu_floor(NAME SOURCE... [LIBS lib...]): one floor of the house, an object
# library named floor_NAME. Which floors it may include is for the layering
# test to say; here it sees src/ and the public headers.
function(smmu_floor name)
  cmake_parse_arguments(F "" "" "LIBS" ${ARGN})
  add_library(floor_${name} OBJECT ${F_UNPARSED_ARGUMENTS})
  smmu_compile_options(floor_${name})
  target_include_directories(floor_${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src
    ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(floor_${name} PUBLIC ${F_LIBS})
endfunction()

# smmu_test(NAME SOURCE... FLOORS floor... [LIBS lib...]): the cmocka program
# test_NAME, linked against the floors' objects so that it can reach what the
# shared library hides, registered with ctest under NAME.
function(smmu_test name)
  cmake_parse_arguments(T "" "" "FLOORS;LIBS" ${ARGN})
  add_executable(test_${name} ${T_UNPARSED_ARGUMENTS})
  smmu_compile_options(test_${name})
  target_include_directories(test_${name} PRIVATE
    ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  foreach(floor IN LISTS T_FLOORS)
    target_link_libraries(test_${name} PRIVATE floor_${floor})
    target_sources(test_${name} PRIVATE $<TARGET_OBJECTS:floor_${floor}>)
  endforeach()
  target_link_libraries(test_${name} PRIVATE ${T_LIBS} cmocka)
  add_test(NAME ${name} COMMAND ${SMMU_TEST_LAUNCHER} $<TARGET_FILE:test_${name}>)
  set_tests_properties(${name} PROPERTIES TIMEOUT 900)
  set_property(TEST ${name} APPEND PROPERTY LABELS unit)
endfunction()
