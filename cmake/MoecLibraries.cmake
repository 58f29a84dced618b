#===-- MoecLibraries.cmake - how every part of the compiler is built -----===//
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#===----------------------------------------------------------------------===//

option(MOEC_SANITIZE "Build with address and undefined-behaviour sanitizers" OFF)

# Everything the compiler's own code shares: warnings are errors, no exceptions
# and no RTTI (as in LLVM's packages), upstream headers are system headers.
add_library(moec_options INTERFACE)
target_compile_options(moec_options INTERFACE
  -Wall -Wextra -Werror -Wno-unused-parameter
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -Wno-deprecated-declarations>
  "$<$<NOT:$<CONFIG:Release>>:SHELL:-include ${CMAKE_CURRENT_LIST_DIR}/LlvmStatistic.h>")
target_compile_definitions(moec_options INTERFACE MOEC_VERSION="${PROJECT_VERSION}")
target_include_directories(moec_options INTERFACE
  ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}
  ${PROJECT_BINARY_DIR}/include)
target_include_directories(moec_options SYSTEM INTERFACE
  ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_compile_definitions(moec_options INTERFACE ${LLVM_DEFINITIONS_LIST})
if(MOEC_SANITIZE)
  target_compile_options(moec_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize=vptr,function
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(moec_options INTERFACE -fsanitize=address,undefined)
  add_library(moec_sanitizer_options OBJECT ${CMAKE_CURRENT_LIST_DIR}/SanitizerOptions.cpp)
  target_link_libraries(moec_options INTERFACE $<TARGET_OBJECTS:moec_sanitizer_options>)
endif()

# moec_add_library(Name SOURCES... [DEPENDS targets...] [LINKS libraries...])
# A static library of the compiler. MLIR and LLVM are always the shared
# libraries: mixing them with the static ones gives two copies of every type id.
function(moec_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC moec_options ${ARG_LINKS} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# moec_add_tool(name SOURCES... [LINKS libraries...])
function(moec_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE moec_options ${ARG_LINKS} MLIR LLVM)
endfunction()

# The pages of docs/dialects and docs/passes, written to the build folder with
# everything else. `moec-doc` copies them to docs/, where a test compares them.
add_custom_target(moec-doc-pages ALL)
add_custom_target(moec-doc
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${PROJECT_BINARY_DIR}/docs
    ${PROJECT_SOURCE_DIR}/docs
  COMMENT "Writing the generated pages to docs/"
  VERBATIM)
add_dependencies(moec-doc moec-doc-pages)

# moec_add_doc(page title tablegen-arguments...)
# docs/<page>.md from the file in LLVM_TARGET_DEFINITIONS, under a title where
# mlir-tblgen writes none.
function(moec_add_doc page title)
  get_filename_component(name ${page} NAME)
  set(TABLEGEN_OUTPUT)
  mlir_tablegen(${name}.md ${ARGN})
  set(output ${PROJECT_BINARY_DIR}/docs/${page}.md)
  file(RELATIVE_PATH source ${PROJECT_SOURCE_DIR}
    ${CMAKE_CURRENT_SOURCE_DIR}/${LLVM_TARGET_DEFINITIONS})
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${CMAKE_CURRENT_BINARY_DIR}/${name}.md
      -DOUTPUT=${output} -DTITLE=${title} -DSOURCE=${source}
      -P ${PROJECT_SOURCE_DIR}/cmake/WriteDoc.cmake
    DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${name}.md
      ${PROJECT_SOURCE_DIR}/cmake/WriteDoc.cmake
    VERBATIM)
  string(REPLACE "/" "-" target moec-doc-${page})
  add_custom_target(${target} DEPENDS ${output})
  add_dependencies(moec-doc-pages ${target})
endfunction()

# moec_add_dialect_tablegen(Prefix mnemonic [ENUMS] [ATTRS] [INTERFACES])
# Generates <Prefix>{Dialect,Ops,Attrs,Enums,Interfaces}.{h,cpp}.inc from
# <Prefix>Ops.td in the current folder; target Moec<Prefix>IncGen. Page
# docs/dialects/<mnemonic>.md.
function(moec_add_dialect_tablegen prefix mnemonic)
  cmake_parse_arguments(ARG "ENUMS;ATTRS;INTERFACES" "" "" ${ARGN})
  set(LLVM_TARGET_DEFINITIONS ${prefix}Ops.td)
  mlir_tablegen(${prefix}Dialect.h.inc -gen-dialect-decls -dialect=${mnemonic})
  mlir_tablegen(${prefix}Dialect.cpp.inc -gen-dialect-defs -dialect=${mnemonic})
  mlir_tablegen(${prefix}Ops.h.inc -gen-op-decls -dialect=${mnemonic})
  mlir_tablegen(${prefix}Ops.cpp.inc -gen-op-defs -dialect=${mnemonic})
  if(ARG_ENUMS)
    mlir_tablegen(${prefix}Enums.h.inc -gen-enum-decls)
    mlir_tablegen(${prefix}Enums.cpp.inc -gen-enum-defs)
  endif()
  if(ARG_ATTRS)
    mlir_tablegen(${prefix}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${mnemonic})
    mlir_tablegen(${prefix}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${mnemonic})
  endif()
  if(ARG_INTERFACES)
    set(LLVM_TARGET_DEFINITIONS ${prefix}Interfaces.td)
    mlir_tablegen(${prefix}Interfaces.h.inc -gen-op-interface-decls)
    mlir_tablegen(${prefix}Interfaces.cpp.inc -gen-op-interface-defs)
  endif()
  add_public_tablegen_target(Moec${prefix}IncGen)
  set(LLVM_TARGET_DEFINITIONS ${prefix}Ops.td)
  moec_add_doc(dialects/${mnemonic} "" -gen-dialect-doc -dialect=${mnemonic})
endfunction()

# moec_add_passes_tablegen(Prefix): <Prefix>Passes.h.inc from Passes.td here.
# Page docs/passes/<folder>.md.
function(moec_add_passes_tablegen prefix)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name Moec${prefix})
  add_public_tablegen_target(Moec${prefix}PassesIncGen)
  # Of include/moec/CodeGen and lib/CodeGen `codegen`, of dialects/Moe `moe`.
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "include/moec/" "lib/" folder ${folder})
  string(REGEX REPLACE "^[a-z]+/|/Transforms$" "" page ${folder})
  string(TOLOWER ${page} page)
  moec_add_doc(passes/${page} "Passes of ${folder}" -gen-pass-doc)
endfunction()
