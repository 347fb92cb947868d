# SPDX-License-Identifier: MIT
# libfdt has no pkg-config file and no CMake package. Gives the target
# LibFDT::LibFDT.
find_path(LibFDT_INCLUDE_DIR NAMES libfdt.h)
find_library(LibFDT_LIBRARY NAMES fdt)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibFDT
  REQUIRED_VARS LibFDT_LIBRARY LibFDT_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "Debian has it as libfdt-dev")
mark_as_advanced(LibFDT_INCLUDE_DIR LibFDT_LIBRARY)

# GLOBAL: src/ finds it, tests/ links floors that use it.
if(LibFDT_FOUND AND NOT TARGET LibFDT::LibFDT)
  add_library(LibFDT::LibFDT UNKNOWN IMPORTED GLOBAL)
  set_target_properties(LibFDT::LibFDT PROPERTIES
    IMPORTED_LOCATION "${LibFDT_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${LibFDT_INCLUDE_DIR}")
endif()
