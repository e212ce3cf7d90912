"""Where programs find the arguments that they declare, by section and machine."""

from __future__ import annotations

import re
import struct

import pytest

from tinybpf.compiler import compile_go, elf
from tinybpf.compiler.kernel import arguments
from tinybpf.errors import CompileError

SOURCE = """
package bpf

import "tinybpf/ebpf"

var sum ebpf.Ktime

//bpf:section {section}
func watch({parameters}) int32 {{
	sum = ebpf.Ktime({last})
	return 0
}}
"""

LOAD_64, LOAD_32 = 0x79, 0x61  # BPF_LDX | BPF_MEM, of 8 bytes and of 4
CONTEXT, STACK = 1, 10  # registers


def loads(section: str, parameters: str, machine: str = "x86_64", byte_order: str = "little") -> list[int]:
    """The offsets at which the program reads its context."""
    last = re.findall(r"(\w+)\s+\w[\w.]*$", parameters)[0]
    source = SOURCE.format(section=section, parameters=parameters, last=last)
    compiled = compile_go(source, machine=machine, byte_order=byte_order)
    order = "<" if byte_order == "little" else ">"
    (text,) = [s.data for s in elf.read(bytes(compiled)).sections if s.name == section]
    found = []
    for code, registers, offset, _ in struct.iter_unpack(f"{order}BBhi", text):
        source_register = registers >> 4 if byte_order == "little" else registers & 15
        if code in (LOAD_64, LOAD_32) and source_register == CONTEXT:
            found.append(offset)
    return found


@pytest.mark.parametrize("n", range(6))
def test_a_function_on_x86_64(n: int):
    names = ", ".join(f"a{i}" for i in range(n + 1))
    assert loads("kprobe/f", f"{names} uint64") == [(112, 104, 96, 88, 72, 64)[n]]


@pytest.mark.parametrize("n", [0, 3, 7])
def test_a_function_on_aarch64(n: int):
    names = ", ".join(f"a{i}" for i in range(n + 1))
    for name in ("aarch64", "arm64"):
        assert loads("uprobe", f"{names} uint64", name) == [8 * n]


@pytest.mark.parametrize(
    ("section", "machine", "offset"),
    [("kretprobe/f", "x86_64", 80), ("uretprobe", "amd64", 80), ("kretsyscall/read", "aarch64", 0)],
)
def test_a_result(section: str, machine: str, offset: int):
    assert loads(section, "ret int32", machine) == [offset]


@pytest.mark.parametrize("section", ["fentry/f", "fexit.s/f", "lsm/file_open", "tp_btf/f", "raw_tp/f"])
def test_words(section: str):
    assert loads(section, "a, b ebpf.Address, c int16") == [16]
    assert loads(section, "ctx ebpf.Context, a, b ebpf.Address, c uint64") == [16]


def test_words_where_the_first_byte_is_the_highest():
    """Each word is read whole: a narrower access would be elsewhere, where the verifier allows none."""
    assert loads("fentry/f", "a int32, b int16", byte_order="big") == [0, 8]


@pytest.mark.parametrize(("machine", "where"), [("x86_64", 112), ("aarch64", 0)])
def test_a_system_call_has_its_registers_elsewhere(machine: str, where: int):
    assert loads("ksyscall/openat", "dfd int32, name ebpf.Address, flags int32", machine) == [where]


def test_a_machine_whose_registers_are_not_known():
    words = "which are in registers in section kprobe/f; those of riscv64 are not known"
    with pytest.raises(CompileError, match=words):
        loads("kprobe/f", "a int32", "riscv64")
    assert loads("fentry/f", "a, b int32", "riscv64") == [8]


def test_every_section_that_has_arguments_is_known():
    from tinybpf.compiler.kernel.sections import definitions

    kinds = {d.prefix.removesuffix(".s").removesuffix(".w") for d in definitions()}
    assert set(arguments._BY_PREFIX) <= kinds
    assert set(arguments._BY_PREFIX) >= arguments._TYPED
