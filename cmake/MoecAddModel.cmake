#===-- MoecAddModel.cmake - compiled models in other projects' builds -----===//
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#===----------------------------------------------------------------------===//
#
#   list(APPEND CMAKE_MODULE_PATH <moec>/cmake)
#   include(MoecAddModel)
#   moec_add_model(router MODEL router.onnx OPTIONS --dim batch=1)
#   target_link_libraries(app PRIVATE router)
#
# moec_add_model(TARGET MODEL FILE [NAME NAME] [DATA FILES...] [OPTIONS OPTIONS...])
#
# TARGET is an imported library, made by `moec compile` whenever the model, a
# file of DATA (its external data) or the compiler changes; its header is
# NAME.h, NAME by default TARGET. The weights lie beside the library, in the
# property MOEC_WEIGHTS.

find_program(MOEC_PROGRAM moec
  HINTS ${CMAKE_CURRENT_LIST_DIR}/../build/release/bin ${CMAKE_CURRENT_LIST_DIR}/../../../bin
  DOC "The moec compiler")
find_path(MOEC_INCLUDE_DIR moec/moec.h
  HINTS ${CMAKE_CURRENT_LIST_DIR}/../runtime/include ${CMAKE_CURRENT_LIST_DIR}/../../../include
  DOC "The folder of moec/moec.h")

function(moec_add_model target)
  cmake_parse_arguments(ARG "" "MODEL;NAME" "DATA;OPTIONS" ${ARGN})
  if(NOT ARG_MODEL OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "expected moec_add_model(TARGET MODEL FILE [NAME NAME] [DATA FILES] "
      "[OPTIONS OPTIONS]), got '${target}' and '${ARGN}'")
  endif()
  if(NOT MOEC_PROGRAM OR NOT MOEC_INCLUDE_DIR)
    message(FATAL_ERROR "moec_add_model needs MOEC_PROGRAM, the moec compiler, and "
      "MOEC_INCLUDE_DIR, the folder of moec/moec.h")
  endif()
  set(name ${target})
  if(ARG_NAME)
    set(name ${ARG_NAME})
  endif()
  get_filename_component(model ${ARG_MODEL} ABSOLUTE)
  set(data)
  foreach(file IN LISTS ARG_DATA)
    get_filename_component(file ${file} ABSOLUTE)
    list(APPEND data ${file})
  endforeach()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.moec)
  # Include folders of imported targets must exist.
  file(MAKE_DIRECTORY ${folder})
  set(library ${folder}/lib${name}.so)
  set(outputs ${library} ${folder}/${name}.h ${folder}/${name}.weights ${folder}/${name}.json)
  add_custom_command(OUTPUT ${outputs}
    COMMAND ${MOEC_PROGRAM} compile ${model} -o ${folder} --name ${name} ${ARG_OPTIONS}
    DEPENDS ${model} ${data} ${MOEC_PROGRAM}
    COMMENT "Compiling model ${ARG_MODEL}"
    VERBATIM)
  add_custom_target(${target}-compile DEPENDS ${outputs})
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION ${library}
    IMPORTED_SONAME lib${name}.so
    INTERFACE_INCLUDE_DIRECTORIES "${folder};${MOEC_INCLUDE_DIR}"
    MOEC_WEIGHTS ${folder}/${name}.weights)
  add_dependencies(${target} ${target}-compile)
endfunction()
