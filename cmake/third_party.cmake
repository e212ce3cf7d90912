# libbpf, libelf and zlib as static libraries, from the sources in third_party/.

execute_process(
  COMMAND ${Python_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/fetch_sources.py
  COMMAND_ERROR_IS_FATAL ANY
)
set(THIRD_PARTY ${PROJECT_SOURCE_DIR}/third_party)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${THIRD_PARTY}/sources.json ${PROJECT_SOURCE_DIR}/tools/fetch_sources.py)

# The warnings of code that is not ours are not ours to act on.
function(third_party_library name)
  add_library(${name} STATIC ${ARGN})
  target_compile_options(${name} PRIVATE -w)
endfunction()

file(GLOB zlib_sources CONFIGURE_DEPENDS ${THIRD_PARTY}/zlib/*.c)
third_party_library(zlib ${zlib_sources})
target_include_directories(zlib PUBLIC ${THIRD_PARTY}/zlib)
target_compile_definitions(zlib PRIVATE HAVE_UNISTD_H _LARGEFILE64_SOURCE=1)

file(GLOB libelf_sources CONFIGURE_DEPENDS ${THIRD_PARTY}/elfutils/libelf/*.c)
third_party_library(libelf ${libelf_sources} ${THIRD_PARTY}/elfutils/lib/next_prime.c
  ${THIRD_PARTY}/elfutils/lib/crc32.c)
if(EXISTS ${THIRD_PARTY}/elfutils/lib/eu-search.c)  # since 0.192
  target_sources(libelf PRIVATE ${THIRD_PARTY}/elfutils/lib/eu-search.c)
endif()
target_include_directories(libelf PUBLIC ${THIRD_PARTY}/elfutils/libelf
  PRIVATE ${PROJECT_SOURCE_DIR}/cmake/libelf ${THIRD_PARTY}/elfutils/lib)
target_compile_definitions(libelf PRIVATE HAVE_CONFIG_H _GNU_SOURCE)
target_link_libraries(libelf PRIVATE zlib)

file(GLOB libbpf_sources CONFIGURE_DEPENDS ${THIRD_PARTY}/libbpf/src/*.c)
third_party_library(libbpf ${libbpf_sources})
target_compile_definitions(libbpf PRIVATE _LARGEFILE64_SOURCE _FILE_OFFSET_BITS=64)
target_include_directories(libbpf PRIVATE ${THIRD_PARTY}/libbpf/src
  PUBLIC ${THIRD_PARTY}/libbpf/include ${THIRD_PARTY}/libbpf/include/uapi ${PROJECT_BINARY_DIR}/include)
target_link_libraries(libbpf PRIVATE libelf zlib)

# Users of libbpf include <bpf/libbpf.h>, as where it is installed.
file(GLOB libbpf_headers CONFIGURE_DEPENDS ${THIRD_PARTY}/libbpf/src/*.h)
file(COPY ${libbpf_headers} DESTINATION ${PROJECT_BINARY_DIR}/include/bpf)

set(notices ${SKBUILD_METADATA_DIR}/licenses)
foreach(library libbpf elfutils zlib)
  file(GLOB texts ${THIRD_PARTY}/${library}/LICENSE* ${THIRD_PARTY}/${library}/COPYING*)
  install(FILES ${texts} DESTINATION ${notices}/${library})
endforeach()
install(FILES ${THIRD_PARTY}/sources.json DESTINATION ${notices})
