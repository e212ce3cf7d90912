"""Write the generated C of the extension module ``tinybpf.libbpf._libbpf``.

    python csrc/build_binding.py OUTPUT_DIR

Input is ``binding.cdef`` beside this file; needs cffi (2.x). It writes into OUTPUT_DIR

- ``_libbpf.c``     the module, as cffi emits it (API mode, stable ABI)
- ``api_table.h``   libbpf's entry points as one macro list, included by ``api.h``

Nothing generated is kept in the repository. To build the module compile

    OUTPUT_DIR/_libbpf.c csrc/*.c

- as C11 with GNU extensions (``-std=gnu11``), ``-fPIC -fvisibility=hidden -O2``
- definition: ``Py_LIMITED_API=0x030a0000``
- include directories: csrc, OUTPUT_DIR, Python's, libbpf's installed headers (the one that has
  ``bpf/libbpf.h``), and libbpf's ``include/uapi`` where the system's ``linux/bpf.h`` is older
- link: static libbpf (1.7 or later), libelf, libz; ``-ldl -lpthread`` (in libc since glibc 2.34);
  ``-Wl,--exclude-libs,ALL`` so that libbpf's names stay inside the module
- and ``-Wl,--wrap=syscall``, see csrc/interrupt.c
- result: ``tinybpf/libbpf/_libbpf.abi3.so``
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
MODULE = "tinybpf.libbpf._libbpf"

PART = re.compile(r"^// part (?P<name>.*)$", re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
PROTOTYPE = re.compile(
    r"(?P<ret>[^;{}]*?[\s*])(?P<name>\w+)\s*(?P<params>\((?:[^()]|\([^()]*\))*\))\s*;", re.S
)
COUNTS = {"__u32", "__u64", "size_t", "bool"}


def parts(text: str) -> list[tuple[str, str]]:
    """The parts of the file in order: name and declarations."""
    found = list(PART.finditer(text))
    ends = [m.start() for m in found[1:]] + [len(text)]
    return [(m["name"].strip(), text[m.end() : end]) for m, end in zip(found, ends, strict=True)]


def kind(ret: str) -> str:
    """How a function with this return type says that it failed."""
    if ret.endswith("*"):
        return "POINTER"
    if ret in COUNTS:
        return "COUNT"
    return {"void": "VOID", "int": "INT"}[ret]


def slots(version: str, declarations: str) -> list[tuple[str, str]]:
    """Name and macro line of each prototype of one "libbpf" part."""
    major, minor = version.split(".")
    out = []
    for match in PROTOTYPE.finditer(COMMENT.sub("", declarations)):
        ret = " ".join(match["ret"].split()).replace(" *", "*")
        params = " ".join(match["params"].split())
        line = f"X({kind(ret)}, {ret}, {match['name']}, {params}, {major}, {minor})"
        out.append((match["name"], line))
    return out


def generate(text: str) -> tuple[str, str, FFI]:
    """The table, the redefinitions for the module's source, and the FFI that emits it."""
    table: list[tuple[str, str]] = []
    ffi = FFI()
    for name, declarations in parts(text):
        ffi.cdef(declarations)
        if name.startswith("libbpf "):
            table += slots(name.removeprefix("libbpf "), declarations)
    head = "/* Generated from binding.cdef by build_binding.py. */\n#define TB_API(X)"
    listing = " \\\n    ".join([head, *(line for _, line in table)]) + "\n"
    # With parentheses: a structure may have the name of a function.
    redirect = "\n".join(f"#define {name}(...) (*tb_api.{name})(__VA_ARGS__)" for name, _ in table)
    return listing, redirect, ffi


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: build_binding.py OUTPUT_DIR", file=sys.stderr)
        return 2
    output = Path(arguments[0])
    output.mkdir(parents=True, exist_ok=True)
    listing, redirect, ffi = generate((HERE / "binding.cdef").read_text())
    (output / "api_table.h").write_text(listing)
    source = f'#include "api.h"\n#include "native.h"\n{redirect}\n'
    ffi.set_source(MODULE, source, py_limited_api=True)
    ffi.emit_c_code(str(output / "_libbpf.c"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
