"""What the kernel's verifier refuses: the reason, the whole log, and the line in the Go source."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from observing import observed

import tinybpf
from tinybpf import system
from tinybpf.libbpf import _absent, _forbidden, _verify
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._load_errors import first_complaint
from tinybpf.libbpf.verifier_trace import CUT

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle

PROGRAM = Path(__file__).parent / "programs" / "refused.go"


@pytest.mark.kernel
def test_the_error_has_the_go_line(build):
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load(build("refused"))
    error = caught.value
    text = PROGRAM.read_text().splitlines()
    line = next(n for n, content in enumerate(text, 1) if "start + 20" in content)
    assert error.errno == errno.EACCES
    assert error.program == "careless"
    assert "invalid access to packet" in error.log
    assert error.reason == "the packet may end before what start reads"
    assert error.source is not None
    assert (error.source.line, error.source.text.strip()) == (line, text[line - 1].strip())
    assert observed("source", error.source.path) == "refused.go" and error.source.column > 1
    assert "end" in (error.hint or "")
    assert "\n0: " in f"\n{error.log}"
    assert error.log.rstrip().splitlines()[-1].startswith("processed ")
    assert "prog 'careless': BPF program load failed" in (error.libbpf_log or "")
    message = str(error)
    assert "program 'careless' of 'object' was refused" in message
    assert f"refused.go:{line}:" in message and text[line - 1].strip() in message


@pytest.mark.kernel
def test_room_for_a_log_is_used_again_as_long_as_nobody_wrote_into_it(build):
    def place(room: _verify.LogRoom) -> int:
        return int(ffi.cast("uintptr_t", room._room))

    with tinybpf.open(build("tracing")) as opened:
        with _verify.LogRoom(opened._handle) as room, _verify.LogRoom(opened._handle) as second:
            assert place(room) != place(second) != 0
            free = place(room)
            ffi.memmove(second._room, b"R1 type=", 8)
        with _verify.LogRoom(opened._handle) as room:
            assert place(room) == free and room.text() == ""
            with _verify.LogRoom(opened._handle) as second:
                assert second.text() == ""


@pytest.mark.kernel
def test_other_reasons_are_libbpfs_words(build):
    content = build("tracing").replace(b"raw_tracepoint/sys_enter\0", b"raw_tracepoinx/sys_enter\0")
    with pytest.raises(tinybpf.BpfError) as caught:
        tinybpf.load(content)
    assert str(caught.value) == (
        "load 'object' failed: Invalid argument\n  libbpf: prog 'on_any': missing BPF prog type, "
        "check ELF section name 'raw_tracepoinx/sys_enter'\n"
        "  hint: did you mean section 'raw_tracepoint/sys_enter'?"
    )
    assert caught.value.errno == errno.EINVAL and not isinstance(caught.value, tinybpf.VerifierError)
    assert "failed to load object 'object'" in (caught.value.libbpf_log or "")


def test_what_libbpf_tries_next_is_not_the_cause():
    log = (
        "libbpf: Error in bpf_create_map_xattr(m): -EINVAL. Retrying without BTF.\n"
        "libbpf: map 'm': failed to create: -EINVAL\nlibbpf: failed to load object 'x'\n"
    )
    assert first_complaint(log) == "libbpf: map 'm': failed to create: -EINVAL"
    assert first_complaint("") == ""


FAILED = "libbpf: prog 'b': BPF program load failed: Permission denied\n"


def test_the_log_of_the_program_that_failed():
    assert _verify.program_log(FAILED + "libbpf: failed to load object 'x'\n", "words\n") == ("b", "words\n")
    assert _verify.program_log(FAILED, "") is None
    assert _verify.program_log("libbpf: something else\n", "left over") is None


def test_libbpfs_own_log_where_there_was_no_room():
    log = (
        "libbpf: prog 'a': BPF program load failed: Permission denied\n"
        "libbpf: prog 'a': -- BEGIN PROG LOAD LOG --\nfirst\n-- END PROG LOAD LOG --\n" + FAILED + ""
        "libbpf: prog 'b': -- BEGIN PROG LOAD LOG --\nsecond\nline\n-- END PROG LOAD LOG --\n"
        "libbpf: failed to load object 'x'\n"
    )
    assert _verify.program_log(log, "") == ("b", "second\nline\n")
    assert _verify.program_log("libbpf: prog 'c': -- BEGIN PROG LOAD LOG --\ncut", "") == ("c", "cut")


@pytest.mark.kernel
def test_without_room_libbpf_finds_it(build, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(tinybpf.VerifierError) as usual:
        tinybpf.load(build("refused"))
    monkeypatch.setattr(_verify, "_ROOM", 0)  # mmap refuses that
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load(build("refused"))
    assert str(caught.value) == str(usual.value) and "BEGIN PROG LOAD LOG" in caught.value.libbpf_log
    assert caught.value.log.splitlines()[:-1] == usual.value.log.splitlines()[:-1]  # the last has times


@pytest.mark.kernel
def test_a_long_log_is_not_cut(build):
    """The verifier walks each turn of this loop: its log has more room than libbpf's first guess.

    Linux 5.10 writes more than there is room for, and the messages of a second load stand for its end.
    """
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load(build("endless"))
    error = caught.value
    assert len(error.log) > 1 << 24
    assert error.errno == errno.E2BIG and (CUT not in error.log or system.older_than("6.4"))
    assert "\n0: " in f"\n{error.log[:500]}" and "processed 1000001 insns" in error.log[-500:]
    assert error.summary == "BPF program is too large. Processed 1000001 insn"
    assert error.source is not None and error.source.path.endswith("endless.go")


@pytest.mark.kernel
def test_a_long_log_is_searched_at_its_end(build, monkeypatch: pytest.MonkeyPatch):
    """What helps is found by the refusal's words, which are there; all of it would take a minute."""
    searched: list[int] = []
    for module, name in (
        (_verify, "_left_out_hint"),
        (_forbidden, "verifier_hint"),
        (_absent, "helper_hint"),
    ):
        monkeypatch.setattr(module, name, lambda words: searched.append(len(words)))
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load(build("endless"))
    assert len(caught.value.log) > 1 << 24 and searched == [1 << 16] * 3


class CutRoom(_verify.LogRoom):
    """Little room for a log, of which the kernel keeps the beginning, as all did before Linux 6.4."""

    def __init__(self, handle: ObjectHandle, levels: Mapping[str, int] | None = None, size: int = 0) -> None:
        super().__init__(handle, levels, size)
        program = lib.bpf_object__next_program(handle.pointer, ffi.NULL)
        while program != ffi.NULL:
            lib.bpf_program__set_log_level(program, FIRST_WORDS)
            program = lib.bpf_object__next_program(handle.pointer, program)


FIRST_WORDS = 1 | 8  # BPF_LOG_LEVEL1, BPF_LOG_FIXED


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    if system.older_than("6.4"):
        pytest.skip("logs are cut by a flag that Linux 6.4 brought")
    monkeypatch.setattr(_verify, "_ROOM", 160)
    monkeypatch.setattr(_verify, "LogRoom", CutRoom)


@pytest.mark.kernel
def test_the_reason_of_a_log_that_the_kernel_cut(build, cut: None):
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load(build("refused"))
    error = caught.value
    before, _, behind = error.log.partition(CUT)
    assert "\n0: " in f"\n{before}" and "outside of the" not in before
    assert "\n1: " not in behind and "processed " in behind
    assert error.errno == errno.EACCES
    # Linux 7.2: R1 min value is outside of the allowed memory range
    words = r"R1 .* is outside of the .* \(invalid access to packet, off=20 "
    assert re.match(words, error.summary), error.summary
    assert error.reason == "the packet may end before what this reads"
    assert error.source is None


CHOOSES = """
package bpf

import (
	"unsafe"

	"tinybpf/ebpf"
)

var which uint32

var values = ebpf.Array[uint64]{MaxEntries: 1}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func chooses(ctx *ebpf.SysEnter) int32 {
	v := values.Lookup(0)
	if v == nil {
		return 0
	}
	if which == 1 {
		return int32(*(*uint64)(unsafe.Pointer(uintptr(ebpf.KtimeGetNs()))))
	}
	if which == 2 {
		return int32(*(*uint64)(unsafe.Add(unsafe.Pointer(v), 8)))
	}
	return int32(*v)
}
"""


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("which", "summary"),
    [(1, "R0 invalid mem access 'scalar'"), (2, "invalid access to map value, value_size=8 off=8 size=8")],
)
def test_the_second_load_has_the_settings_of_the_first(cut: None, which: int, summary: str):
    opened = tinybpf.open(tinybpf.compile_go(CHOOSES))
    opened.globals["which"] = which
    opened.maps["values"].max_entries = 3
    with pytest.raises(tinybpf.VerifierError) as caught:
        opened.load()
    assert caught.value.program == "chooses" and CUT in caught.value.log
    assert summary in caught.value.summary
