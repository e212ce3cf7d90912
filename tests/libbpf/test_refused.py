"""What the kernel's verifier refuses: the reason, the whole log, and the line in the Go source."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

import tinybpf
from tinybpf.libbpf import _verify
from tinybpf.libbpf.open import _first_complaint

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
    assert "offset is outside of the packet" in error.summary
    assert error.source is not None
    assert (error.source.line, error.source.text.strip()) == (line, text[line - 1].strip())
    assert error.source.path.endswith("programs/refused.go") and error.source.column > 1
    assert "end" in (error.hint or "")
    assert error.log.startswith("0: R1=ctx()") or "R1=ctx(" in error.log
    assert error.log.rstrip().splitlines()[-1].startswith("processed ")
    assert error.log in (error.libbpf_log or "")
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
    assert _first_complaint(log) == "libbpf: map 'm': failed to create: -EINVAL"
    assert _first_complaint("") == ""


def test_the_last_program_log_is_found_whole():
    log = (
        "libbpf: prog 'a': BPF program load failed: Permission denied\n"
        "libbpf: prog 'a': -- BEGIN PROG LOAD LOG --\nfirst\n-- END PROG LOAD LOG --\n"
        "libbpf: prog 'b': -- BEGIN PROG LOAD LOG --\nsecond\nline\n-- END PROG LOAD LOG --\n"
        "libbpf: failed to load object 'x'\n"
    )
    assert _verify.program_log(log) == ("b", "second\nline\n")
    assert _verify.program_log("libbpf: something else\n") is None
    assert _verify.program_log("libbpf: prog 'c': -- BEGIN PROG LOAD LOG --\ncut") == ("c", "cut")
