# tinybpf.libbpf._libbpf: the cffi binding over the C code in csrc/ and the libraries of third_party.cmake.
# csrc/build_binding.py writes _libbpf.c and api_table.h from csrc/binding.cdef.

set(CSRC ${PROJECT_SOURCE_DIR}/csrc)
set(generated ${PROJECT_BINARY_DIR}/generated)
add_custom_command(
  OUTPUT ${generated}/_libbpf.c ${generated}/api_table.h
  COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}
  COMMAND ${Python_EXECUTABLE} ${CSRC}/build_binding.py ${generated}
  DEPENDS ${CSRC}/build_binding.py ${CSRC}/binding.cdef
  COMMENT "Writing the binding's C code"
  VERBATIM
)

file(GLOB binding_sources CONFIGURE_DEPENDS ${CSRC}/*.c)
python_add_library(_libbpf MODULE USE_SABI 3.10 WITH_SOABI
  ${binding_sources} ${generated}/_libbpf.c ${generated}/api_table.h)
target_include_directories(_libbpf PRIVATE ${CSRC} ${generated})
target_compile_definitions(_libbpf PRIVATE _GNU_SOURCE)
target_link_libraries(_libbpf PRIVATE libbpf libelf zlib ${CMAKE_DL_LIBS} Threads::Threads)
# Only PyInit__libbpf is to be seen: another libbpf in the same process must not meet ours.
target_link_options(_libbpf PRIVATE -Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,-z,relro,-z,now)
# csrc/interrupt.c
target_link_options(_libbpf PRIVATE -Wl,--wrap=syscall)
target_link_options(_libbpf PRIVATE $<$<CONFIG:Release>:-Wl,--strip-all>)

install(TARGETS _libbpf LIBRARY DESTINATION ${PACKAGE_DIR}/libbpf)

# tinybpf.libbpf._objects, which makes Python objects.
file(GLOB objects_sources CONFIGURE_DEPENDS ${CSRC}/objects/*.c)
python_add_library(_objects MODULE USE_SABI 3.10 WITH_SOABI ${objects_sources})
target_link_options(_objects PRIVATE -Wl,--gc-sections -Wl,-z,relro,-z,now)
target_link_options(_objects PRIVATE $<$<CONFIG:Release>:-Wl,--strip-all>)
install(TARGETS _objects LIBRARY DESTINATION ${PACKAGE_DIR}/libbpf)
