"""What the kernel's verifier refuses: the reason, the whole log, and the line in the Go source."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

import tinybpf
from tinybpf import system
from tinybpf.libbpf import _verify
from tinybpf.libbpf._load_errors import first_complaint

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
    assert "invalid access to packet" in error.summary
    assert error.source is not None
    assert (error.source.line, error.source.text.strip()) == (line, text[line - 1].strip())
    assert error.source.path == "refused.go" and error.source.column > 1
    assert "end" in (error.hint or "")
    assert "\n0: " in f"\n{error.log}"
    assert error.log.rstrip().splitlines()[-1].startswith("processed ")
    assert "prog 'careless': BPF program load failed" in (error.libbpf_log or "")
    message = str(error)
    assert "program 'careless' of 'object' was refused" in message
    assert f"refused.go:{line}:" in message and text[line - 1].strip() in message


@pytest.mark.kernel
def test_other_reasons_are_libbpfs_words(build):
    content = build("tracing").replace(b"raw_tracepoint/sys_enter\0", b"raw_tracepoinx/sys_enter\0")
    with pytest.raises(tinybpf.BpfError) as caught:
        tinybpf.load(content)
    assert str(caught.value) == (
        "load 'object' failed: Invalid argument\n  libbpf: prog 'on_any': missing BPF prog type, "
        "check ELF section name 'raw_tracepoinx/sys_enter'"
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
    """The verifier walks each turn of this loop: its log has more room than libbpf's first guess."""
    if system.older_than("5.16"):
        pytest.skip("this kernel cuts logs at 16 MiB: Linux 5.16 gives more")
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load(build("endless"))
    error = caught.value
    assert len(error.log) > 1 << 24
    assert "\n0: " in f"\n{error.log[:500]}" and "processed 1000001 insns" in error.log[-500:]
    assert error.summary == "BPF program is too large. Processed 1000001 insn"
    assert error.source is not None and error.source.path.endswith("endless.go")
