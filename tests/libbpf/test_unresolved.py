"""Names that the running kernel does not have: the error says which, and what there is instead."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinybpf
from tinybpf import system
from tinybpf.libbpf import _arguments, _unresolved

DATA = Path(__file__).parent / "data"


def refused(program: str) -> tinybpf.VerifierError:
    """The error for one program of ``data/unresolved.c``."""
    opened = tinybpf.open(DATA / "unresolved.elf")
    opened.programs[program].autoload = True
    with pytest.raises(tinybpf.VerifierError) as caught:
        opened.load()
    return caught.value


def line_of(text: str) -> int:
    lines = (DATA / "unresolved.c").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("program", "line", "reason", "hint"),
    [
        (
            "field",
            "&task->pids",
            "this kernel has no struct task_struct.pids",
            "struct task_struct of this kernel has no field 'pids' (did you mean ",
        ),
        (
            "nested",
            "&task->se.vruntimes",
            "this kernel has no struct task_struct.se.vruntimes",
            "struct sched_entity of this kernel has no field 'vruntimes' (did you mean vruntime",
        ),
        (
            "unknown",
            "&some->field",
            "this kernel has no struct no_such_struct.field",
            "this kernel has no struct 'no_such_struct'",
        ),
        (
            "value",
            "__builtin_preserve_enum_value",
            "this kernel has no enum bpf_map_type_of_none::NO_SUCH_VALUE",
            "enum bpf_map_type_of_none has no value NO_SUCH_VALUE in this kernel",
        ),
        (
            "function",
            "return bpf_task_acquired",
            "this kernel has no function bpf_task_acquired for programs",
            "this kernel has no function 'bpf_task_acquired' for programs",
        ),
    ],
)
def test_what_is_not_there_is_named(program: str, line: str, reason: str, hint: str):
    error = refused(program)
    assert error.reason == reason
    assert error.hint is not None and error.hint.startswith(hint)
    assert error.source is not None and error.source.path.endswith("unresolved.c")
    assert 0 <= line_of(line) - error.source.line <= 2  # clang gives some to the line before


@pytest.mark.kernel
def test_a_function_without_which_nothing_is_loaded():
    with pytest.raises(tinybpf.BpfError) as caught:
        tinybpf.load(DATA / "unresolved_strong.elf")
    near = " (did you mean bpf_task_acquire" if not system.older_than("6.2") else ""
    assert f"hint: this kernel has no function 'bpf_task_acquired' for programs{near}" in str(caught.value)


@pytest.mark.parametrize(
    ("complaint", "hint"),
    [
        (
            "libbpf: extern (var ksym) 'bpf_prog_actives': not found in kernel BTF",
            "no variable 'bpf_prog_actives'",
        ),
        (
            "libbpf: extern 'CONFIG_NONE' (strong): not resolved",
            "has no CONFIG_NONE: give a value by kconfig=",
        ),
        ("libbpf: extern 'jiffie' (strong): not resolved", "no variable 'jiffie'"),
        ("libbpf: failed to find valid kernel BTF", "CONFIG_DEBUG_INFO_BTF is not set"),
        ("libbpf: map 'm': failed to create: -EINVAL", None),
    ],
)
def test_libbpfs_complaints(complaint: str, hint: str | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_arguments, "kernel_types", lambda: None)
    found = _unresolved.load_hint(complaint)
    assert (found is None) if hint is None else hint in (found or "")


@pytest.mark.parametrize(
    ("section", "near"),
    [
        ("raw_tracepoinx/sys_enter", "raw_tracepoint/sys_enter"),
        ("kprobes/vfs_read", "kprobe/vfs_read"),
        ("cgroups/connect4", "cgroup/connect4"),
        ("xpd", "xdp"),
        ("something/else", None),
    ],
)
def test_a_section_that_is_meant(section: str, near: str | None):
    complaint = f"libbpf: prog 'x': missing BPF prog type, check ELF section name '{section}'"
    assert _unresolved.near_section(complaint) == near


def test_without_types_of_the_kernel_that_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_arguments, "kernel_types", lambda: None)
    words = "failed to resolve CO-RE relocation <byte_off> [5] struct task_struct.gone (0:1 @ offset 4)"
    assert _unresolved.verifier_hint(words) == _unresolved.NO_TYPES
    assert _unresolved.verifier_hint("R0 !read_ok") is None
