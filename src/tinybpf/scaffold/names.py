"""What a project may be called.

Its name is a directory, a Go module, and a Go file: ``hello``, ``module hello``, ``bpf/hello.go``.
"""

from __future__ import annotations

import re

_STANDARD = """
archive bufio builtin bytes cmd cmp compress container context crypto database debug embed encoding errors
expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp
runtime simd slices sort strconv strings structs sync syscall testing text time unicode unique unsafe weak
"""
STANDARD = frozenset(_STANDARD.split())
"""The first elements of the standard library's import paths."""

RESERVED = {
    "all": "go's commands take it for all packages",
    "c": 'import "C" is cgo',
    "main": "go's commands take it for the package of a command",
    "std": "go's commands take it for the standard library",
    "testdata": "go's commands leave out directories of that name",
    "tinybpf": "it is the module that your programs import",
    "tool": "go's commands take it for the module's tools",
    "vendor": "it is the directory of vendored packages",
    "work": "go's commands take it for the workspace",
}
WINDOWS = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
"""Names of devices, which Go allows in no module's path."""

_SYSTEMS = """
aix android darwin dragonfly freebsd hurd illumos ios js nacl netbsd openbsd plan9 solaris wasip1 windows
zos 386 amd64 amd64p32 arm arm64 arm64be armbe loong64 mips mips64 mips64le mips64p32 mips64p32le mipsle ppc
ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm
"""
SYSTEMS = frozenset(_SYSTEMS.split())
"""Systems and machines, for which alone Go compiles files that end in their names."""

LONGEST = 100


def check(name: str) -> None:
    """``ValueError`` says why a project cannot have this name, and which would do."""
    if not name:
        raise ValueError("the name is empty; give one, such as tinybpf init hello")
    shown = repr(name if len(name) <= 40 else f"{name[:40]}…")
    if "/" in name or name == "..":
        raise ValueError(
            f"{shown} is a path; give a name and change to the directory before: {_instead(name)}"
        )
    fault = _fault(name)
    if fault:
        raise ValueError(f"{shown} cannot name a project: {fault}")


def _instead(path: str) -> str:
    above, _, last = path.rstrip("/").rpartition("/")
    name = last if last and not _fault(last) else "hello"
    return f"cd {above or '/'} && tinybpf init {name}" if last not in ("", "..") else f"tinybpf init {name}"


def _fault(name: str) -> str:
    """What is wrong with a name that is no path; nothing where it is good."""
    if len(name) > LONGEST:
        return f"it has {len(name)} characters, and {LONGEST} are enough"
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", name):
        wrong = next(c for c in name if not re.match(r"[A-Za-z0-9._~-]", c))
        found = _character(wrong)
        return f"{found} cannot be in a Go module's path; letters, digits, - and _ can{_better(name)}"
    if not name[0].isalpha():
        return f"it begins with {name[0]!r}; a letter is needed there{_better(name)}"
    if name.endswith("."):
        return f"a Go module's path does not end with a dot{_better(name)}"
    return _meaning(name)


def _meaning(name: str) -> str:
    """What Go would take a well-formed name for."""
    lower = name.lower()
    if lower in RESERVED:
        return RESERVED[lower]
    if lower in STANDARD:
        return f"it belongs to Go's standard library{_better(name)}"
    if lower.partition(".")[0] in WINDOWS:
        return "it is a device on Windows, and Go allows no such path"
    if re.search(r"~[0-9]+(\.|$)", name):
        return "Go allows no ~ with digits behind it"
    last = lower.rpartition("_")[2] if "_" in name else ""
    if last == "test":
        return f"bpf/{name}.go would be a Go test{_better(name)}"
    if last in SYSTEMS:
        return f"bpf/{name}.go would be compiled for {last} only{_better(name)}"
    return ""


def _character(c: str) -> str:
    if c == " ":
        return "a space"
    return repr(c)


def _better(name: str) -> str:
    """A name near by that would do."""
    near = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lstrip("0123456789-")
    if near.lower() in STANDARD:
        near = f"my-{near}"
    return f" (try {near})" if near and near != name and not _fault(near) else ""
