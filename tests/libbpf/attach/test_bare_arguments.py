"""Arguments in the established dialect: the same as in the typed one."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Callable, Iterator

import pytest
from lacking import skip_without

import tinybpf

pytestmark = pytest.mark.kernel

KEEP_SIZE = 1


@pytest.fixture
def load(build: Callable[..., bytes], me: int) -> Iterator[Callable[[str], tinybpf.BpfObject]]:
    opened: list[tinybpf.BpfObject] = []

    def attached(name: str) -> tinybpf.BpfObject:
        opened.append(tinybpf.load(build("argumentsbare", name), variables={"target": me}))
        opened[-1].program(name).attach()
        return opened[-1]

    yield attached
    for obj in opened:
        obj.close()


def seen(obj: tinybpf.BpfObject, *names: str) -> list[int]:
    return [obj.globals[name] for name in names]


def test_the_arguments_of_a_function(load, fallocate):
    skip_without("kprobe")
    obj = load("onEntry")
    fallocate(KEEP_SIZE, 1 << 40, 4096)
    assert seen(obj, "calls", "mode", "offset", "length") == [1, KEEP_SIZE, 1 << 40, 4096]
    assert obj.globals["flags"] & os.O_NOFOLLOW


def test_what_a_function_returns(load, fallocate):
    skip_without("kprobe")
    obj = load("onReturn")
    fallocate(KEEP_SIZE, 0, 1)
    assert seen(obj, "calls", "result") == [1, -errno.EBADF]


def test_the_arguments_of_a_system_call(load, fallocate):
    skip_without("kprobe")
    obj = load("onCall")
    fallocate(KEEP_SIZE, 5, 6)
    assert seen(obj, "calls", "result", "mode", "offset", "length") == [1, fallocate.fd, KEEP_SIZE, 5, 6]


def test_arguments_and_result(load, fallocate):
    skip_without("fexit")
    obj = load("onFexit")
    fallocate(KEEP_SIZE, 5, 6)
    names = ("calls", "mode", "offset", "length", "result")
    assert seen(obj, *names) == [1, KEEP_SIZE, 5, 6, -errno.EBADF]
    assert obj.globals["flags"] & os.O_NOFOLLOW


def test_an_operation_is_denied(load, tmp_path):
    skip_without("lsm")
    path = tmp_path / "file"
    path.write_text("text")
    obj = load("onHook")
    assert path.read_text() == "text"
    with pytest.raises(PermissionError):
        os.open(path, os.O_WRONLY)
    assert obj.globals["calls"] >= 1


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="registers that are not known")
def test_the_arguments_of_a_function_in_a_library(build, me: int):
    with tinybpf.load(build("argumentsbare", "onAbs"), variables={"target": me}) as obj:
        obj.program("onAbs").attach_uprobe("libc.so.6", symbol="abs")
        ctypes.CDLL(None).abs(-77)
        assert seen(obj, "calls", "result") == [1, -77]
