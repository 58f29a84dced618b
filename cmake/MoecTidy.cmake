#===-- MoecTidy.cmake - clang-tidy on every source ------------------------===//
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#===----------------------------------------------------------------------===//
#
# Target moec-tidy. A source is looked at again when its object was made again:
# when it, or a header of it, has changed. Headers are looked at through the
# sources that include them.

find_program(MOEC_CLANG_TIDY clang-tidy-22 REQUIRED)

# One rule for each C and C++ source of the targets of a folder and those below it;
# appends their outputs to the list that is named. Call from the top folder, the
# last of all.
function(moec_tidy_folder folder list)
  set(stamps ${${list}})
  # A folder's own configuration adds to those of the folders above it.
  if(EXISTS ${folder}/.clang-tidy)
    list(APPEND configurations ${folder}/.clang-tidy)
  endif()
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(NOT type MATCHES "_LIBRARY$|EXECUTABLE" OR type STREQUAL INTERFACE_LIBRARY)
      continue()
    endif()
    get_target_property(sources ${target} SOURCES)
    get_target_property(source_dir ${target} SOURCE_DIR)
    get_target_property(binary_dir ${target} BINARY_DIR)
    foreach(source IN LISTS sources)
      if(IS_ABSOLUTE ${source})
        file(RELATIVE_PATH source ${source_dir} ${source})
      endif()
      # Not those of other folders, which are their own, nor generated ones.
      if(source MATCHES "^\\.\\./" OR NOT source MATCHES "\\.(c|cpp)$")
        continue()
      endif()
      file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${source_dir}/${source})
      set(stamp ${PROJECT_BINARY_DIR}/tidy/${name}.ok)
      if(stamp IN_LIST stamps)
        continue()
      endif()
      get_filename_component(stamp_dir ${stamp} DIRECTORY)
      file(MAKE_DIRECTORY ${stamp_dir})
      add_custom_command(OUTPUT ${stamp}
        COMMAND ${MOEC_CLANG_TIDY} -p ${PROJECT_BINARY_DIR} --quiet ${source_dir}/${source}
        COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
        DEPENDS ${PROJECT_SOURCE_DIR}/.clang-tidy ${configurations}
          ${binary_dir}/CMakeFiles/${target}.dir/${source}.o
        COMMENT "Looking at ${name}"
        VERBATIM)
      list(APPEND stamps ${stamp})
    endforeach()
  endforeach()
  get_property(subfolders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(subfolder IN LISTS subfolders)
    moec_tidy_folder(${subfolder} stamps)
  endforeach()
  set(${list} ${stamps} PARENT_SCOPE)
endfunction()
