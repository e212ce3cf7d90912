"""USDT: a probe of a library of our own, with and without libbpf's maps."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from observing import observed

import tinybpf
from tinybpf.libbpf import _binary
from tinybpf.libbpf.attach import usdt

pytestmark = pytest.mark.kernel

USDT = Path(__file__).resolve().parents[1] / "data" / "usdt.elf"


def test_the_probes_of_a_library(marked):
    with _binary.opened(marked.path) as binary:
        probes = binary.probes()
    assert [(probe.provider, probe.name) for probe in probes] == [("demo", "work"), *[("demo", "rest")] * 2]
    assert probes[0].semaphore and not probes[1].semaphore


@pytest.fixture
def obj(me: int):
    with tinybpf.load(USDT.read_bytes(), variables={"target": me}) as loaded:
        yield loaded


def test_arguments_and_cookie(obj, marked):
    assert marked.enabled() == 0
    link = obj.program("on_work").attach_usdt(marked.path, "demo", "work", cookie=77)
    assert link.target == f"usdt:{marked.path}:demo:work"
    assert marked.enabled() == 1
    marked.work(-5, 1 << 40)
    seen = obj.globals
    assert observed(
        "calls, cookie and number of arguments", (seen["calls"], seen["cookie"], seen["count"])
    ) == (1, 77, 2)
    assert list(seen["numbers"]) == [(-5) & 0xFFFFFFFF, 1 << 40]
    link.destroy()
    marked.work(1, 1)
    assert seen["calls"] == 1 and marked.enabled() == 0


def test_it_ends_with_its_object(marked, me: int):
    with tinybpf.load(USDT.read_bytes(), variables={"target": me}) as obj:
        link = obj.program("on_work").attach_usdt(marked.path, "demo", "work")
        with pytest.raises(tinybpf.BpfError, match="it uses maps of its object, with which it ends"):
            link.keep()
        with pytest.raises(tinybpf.BpfError, match="a USDT probe is several links"):
            link.pin("/sys/fs/bpf/nope")
        with pytest.raises(tinybpf.BpfError, match="it is no link of the kernel's"):
            link.info  # noqa: B018
        assert marked.enabled() == 1
    assert marked.enabled() == 0 and link.fd == -1


def test_a_program_without_maps_gets_every_place(counted, marked):
    seen = counted("onFunction")
    link = seen.program.attach_usdt(marked.path, "demo", "rest", cookie=5)
    marked.rest()
    assert seen.calls() == {5: 1}
    marked.twice()
    assert seen.calls() == {5: 3}
    link.destroy()
    with seen.program.attach_usdt(marked.path, "demo", "work", cookie=6, pid=0):
        assert marked.enabled() == 1
        marked.work(1, 2)
    assert seen.calls() == {5: 3, 6: 1} and marked.enabled() == 0


def test_in_a_forked_child(marked, me: int):
    with tinybpf.load(USDT.read_bytes(), variables={"target": me}) as obj:
        link = obj.program("on_work").attach_usdt(marked.path, "demo", "work")
        child = os.fork()
        if child == 0:
            obj.close()
            os._exit(0 if link.fd == -1 else 1)
        assert os.waitpid(child, 0)[1] == 0
        marked.work(1, 1)
        assert obj.globals["calls"] == 1


@pytest.mark.parametrize(
    ("provider", "name", "words"),
    [
        ("demo", "wrok", "has no such USDT probe; did you mean demo:work"),
        ("python", "line", "has no such USDT probe; there is: demo:rest, demo:work"),
    ],
)
def test_a_probe_that_is_not_there(obj, marked, provider: str, name: str, words: str):
    with pytest.raises(tinybpf.BpfError, match=words) as caught:
        obj.program("on_work").attach_usdt(marked.path, provider, name)
    assert caught.value.errno == errno.ENOENT


def test_wrong_arguments(obj, marked, tmp_path):
    program = obj.program("on_work")
    with pytest.raises(ValueError, match="provider must be a name, not ''"):
        program.attach_usdt(marked.path, "", "work")
    with pytest.raises(tinybpf.BpfError, match="'/etc/passwd' cannot be read: it is no ELF file"):
        program.attach_usdt("/etc/passwd", "demo", "work")
    with pytest.raises(tinybpf.BpfError, match=r"libc.so.6' has no (?:such )?USDT probe"):
        program.attach_usdt("libc.so.6", "demo", "work")
    with pytest.raises(tinybpf.BpfError, match=r"attach_usdt\(…\) does it, or name it in the section"):
        program.attach()
    damaged = tmp_path / "damaged.so"
    whole = Path(marked.path).read_bytes()
    for size in (0, 3, 64, 200, len(whole) - 100):
        damaged.write_bytes(whole[:size])
        with pytest.raises(tinybpf.BpfError, match=r"cannot be read|has no"):
            program.attach_usdt(damaged, "demo", "work")


def test_an_object_for_another_libbpf(obj, marked, monkeypatch: pytest.MonkeyPatch):
    """It would read the arguments of other places than libbpf found."""
    monkeypatch.setattr(usdt, "SIZES", (208, 208))
    with pytest.raises(tinybpf.BpfError, match=r"have 304 bytes; libbpf v1\.\d+ writes 208\n  hint: compile"):
        obj.program("on_work").attach_usdt(marked.path, "demo", "work")
