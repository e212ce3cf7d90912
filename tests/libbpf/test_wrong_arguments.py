"""Arguments of wrong types and sizes: what is said names the argument, not what C made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def given(build: Any) -> Iterator[dict[str, Any]]:
    opened = tinybpf.open(DATA / "replace.elf")
    with tinybpf.load(build("tracing")) as obj, tinybpf.load(build("ordered")) as other:
        yield {
            "obj": obj,
            "program": obj.program("on_getppid"),
            "map": obj.map("counts"),
            "link": obj.program("on_any").attach(),
            "cgroup": other.program("connectOne"),
            "open": opened.programs["other"],
        }
    opened.close()


def made(type: Any = "queue", **given: Any) -> object:
    return tinybpf.create_map(type, value=8, **given)


@pytest.mark.parametrize("wrong", [None, 1.5, [], object()], ids=lambda wrong: type(wrong).__name__)
@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("path", lambda given, wrong: tinybpf.open_pinned_map(wrong)),
        ("path", lambda given, wrong: tinybpf.open_pinned_program(wrong)),
        ("path", lambda given, wrong: tinybpf.open_pinned_link(wrong)),
        ("path", lambda given, wrong: given["map"].pin(wrong)),
        ("path", lambda given, wrong: given["map"].unpin(wrong)),
        ("flags", lambda given, wrong: given["map"].lookup(1, flags=wrong)),
        ("flags", lambda given, wrong: given["map"].update(1, 1, flags=wrong)),
        ("path", lambda given, wrong: given["program"].pin(wrong)),
        ("path", lambda given, wrong: given["program"].unpin(wrong)),
        ("path", lambda given, wrong: given["link"].pin(wrong)),
        ("cgroup", lambda given, wrong: given["cgroup"].attach_cgroup(wrong)),
        ("cgroup", lambda given, wrong: tinybpf.query_cgroup(wrong, tinybpf.BpfAttachType.CGROUP_DEVICE)),
        ("binary_path", lambda given, wrong: given["program"].attach_uprobe(wrong, 1)),
        ("binary_path", lambda given, wrong: given["program"].attach_uprobe_multi(wrong, "x")),
        ("binary_path", lambda given, wrong: given["program"].attach_usdt(wrong, "x", "y")),
        ("device", lambda given, wrong: given["program"].attach_lirc(wrong)),
        ("category", lambda given, wrong: given["program"].attach_tracepoint(wrong, "x")),
        ("btf_name", lambda given, wrong: given["obj"].register_type(wrong, int)),
        ("name", lambda given, wrong: made(max_entries=1, name=wrong)),
        ("flags", lambda given, wrong: made(max_entries=1, flags=wrong)),
        ("extra", lambda given, wrong: made(max_entries=1, extra=wrong)),
        ("max_entries", lambda given, wrong: made(max_entries=wrong)),
    ],
)  # fmt: skip
def test_of_another_type(given, name: str, use: Callable[[Any, Any], object], wrong: Any):
    with pytest.raises(TypeError, match=rf"\b{name}\b.* must be "):
        use(given, wrong)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda given: tinybpf.load("a\0b"), r"load\(\) and open\(\) take a path, not 'a\\x00b'"),
        (lambda given: given["map"].pin("/sys/fs/bpf/a\0b"), "path must be a path, not "),
        (lambda given: given["cgroup"].attach_cgroup(1 << 40), r"attach cgroup program to .* failed: "),
        (lambda given: made(max_entries=1 << 64), "max_entries must be from 0 to "),
        (lambda given: made(max_entries=-1), "max_entries must be from 0 to "),
        (lambda given: made(max_entries=1, flags=-1), "flags must be from 0 to "),
        (lambda given: given["map"].lookup(1, flags=1 << 64), r"flags must be from 0 to \d{20}, not 1"),
        (lambda given: given["map"].update(1, 1, flags=-1), r"flags must be from 0 to \d{20}, not -1"),
        (lambda given: made(1 << 32, max_entries=1), "type must be from 0 to "),
    ],
)  # fmt: skip
def test_out_of_range(given, use: Callable[[Any], object], message: str):
    with pytest.raises(ValueError, match=message):
        use(given)


@pytest.mark.parametrize("wrong", ["x", 1.5, object()])
def test_no_target(given, wrong: Any):
    with pytest.raises(TypeError, match="program must be a BpfProgram or a descriptor, not "):
        given["open"].set_target("answer", wrong)


def test_functions_that_are_none(given):
    for wrong in (1.5, None, object()):
        name = re.escape(type(wrong).__name__)
        with pytest.raises(TypeError, match=rf"functions must be .*, not {name}"):
            given["program"].attach_kprobe_multi(wrong)
    with pytest.raises(TypeError, match="offsets must be a list, not float"):
        given["program"].attach_uprobe_multi("/bin/sh", offsets=1.5)
