"""kprobes, where the kernel has them; where it has not, that it says so."""

from __future__ import annotations

import errno
import os
import time

import pytest
from observing import observed

import tinybpf
from tinybpf.libbpf.attach import kprobe

pytestmark = pytest.mark.kernel

has_kprobes = os.path.exists(kprobe.PERF_TYPE)
needs_kprobes = pytest.mark.skipif(not has_kprobes, reason="this kernel has no kprobes")


@pytest.fixture
def obj(build, me: int):
    with tinybpf.load(build("probes"), variables={"target": me}) as loaded:
        yield loaded


@needs_kprobes
@pytest.mark.parametrize("how", ["kprobe", "kretprobe", "retprobe"])
def test_a_function_that_this_process_calls(obj, how: str):
    program = obj.program("on_call")
    if how == "kretprobe":
        link = program.attach_kretprobe("do_nanosleep")
    else:
        link = program.attach_kprobe("do_nanosleep", retprobe=how == "retprobe")
    assert link.target == ("kprobe:do_nanosleep" if how == "kprobe" else "kretprobe:do_nanosleep")
    for _ in range(3):
        time.sleep(0.001)
    assert observed("calls of do_nanosleep, of 3", obj.globals["called"]) == 3
    link.destroy()
    time.sleep(0.001)
    assert obj.globals["called"] == 3


@needs_kprobes
def test_a_function_that_is_not_there(obj):
    with pytest.raises(tinybpf.BpfError, match="the kernel has no function 'do_nanoslep'") as caught:
        obj.program("on_call").attach_kprobe("do_nanoslep")
    assert caught.value.errno == errno.ENOENT and "do_nanosleep" in str(caught.value)


@pytest.mark.skipif(has_kprobes, reason="this kernel has kprobes")
@pytest.mark.parametrize("method", ["attach_kprobe", "attach_kretprobe"])
def test_a_kernel_without_kprobes(obj, method: str):
    with pytest.raises(tinybpf.BpfError, match=r"this kernel has no kprobes \(CONFIG_KPROBES\)") as caught:
        getattr(obj.program("on_call"), method)("do_nanosleep")
    assert caught.value.errno == errno.ENOENT


def test_why_a_function_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path):
    symbols = tmp_path / "kallsyms"
    symbols.write_text("0 T do_nanosleep\n0 t tcp_connect.isra.0\n0 D some_data\n0 t inlined_here\n")
    monkeypatch.setattr(kprobe, "KALLSYMS", str(symbols))
    monkeypatch.setattr(kprobe, "PERF_TYPE", str(symbols))
    assert "did you mean do_nanosleep?" in (kprobe.missing("do_nanoslep") or "")
    assert "did you mean tcp_connect.isra.0?" in (kprobe.missing("tcp_connect") or "")
    assert "exists, but cannot be probed" in (kprobe.missing("inlined_here") or "")
    assert (kprobe.missing("some_data") or "").startswith("the kernel has no function 'some_data'")
    symbols.unlink()
    monkeypatch.setattr(kprobe, "PERF_TYPE", "/")
    assert kprobe.missing("anything") is None


def test_wrong_arguments(obj):
    with pytest.raises(TypeError, match="func_name must be a function's name, not float"):
        obj.program("on_call").attach_kprobe(5.0)
    with pytest.raises(ValueError, match="func_name must be a name, not ''"):
        obj.program("on_call").attach_kprobe("")
    with pytest.raises(ValueError, match="offset must be a number of bytes into the function: -1"):
        obj.program("on_call").attach_kprobe("do_nanosleep", offset=-1)
    with pytest.raises(tinybpf.BpfError, match=r"is a PERF_EVENT program .*, this needs a KPROBE one"):
        obj.program("on_sample").attach_kprobe("do_nanosleep")
    with pytest.raises(tinybpf.BpfError, match=r"attach_kprobe\(…\) does it, or name it in the section"):
        obj.program("on_call").attach()
