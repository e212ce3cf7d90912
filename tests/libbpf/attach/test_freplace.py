"""freplace: a function of a program that is loaded is replaced, and is as before afterwards."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lacking import skip_without
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel

OBJECT = Path(__file__).resolve().parents[1] / "data" / "replace.elf"
PACKET = bytes(64)


@pytest.fixture
def target() -> Iterator[tinybpf.BpfProgram]:
    with tinybpf.load(OBJECT) as obj:
        yield obj.program("asked")


@pytest.fixture
def other(target: tinybpf.BpfProgram) -> Iterator[tinybpf.BpfProgram]:
    skip_without("freplace")
    opened = tinybpf.open(OBJECT)
    opened.programs["asked"].autoload = False
    opened.programs["other"].autoload = True
    opened.programs["other"].set_target("answer", target)
    with opened.load() as obj:
        yield obj.program("other")


def result(program: tinybpf.BpfProgram) -> int:
    return program.test_run(PACKET).retval


@pytest.mark.parametrize("how", ["section", "method", "named"])
def test_a_function_is_replaced(target, other, how: str):
    assert result(target) == 102
    if how == "section":
        link = other.attach()
    else:
        link = other.attach_freplace() if how == "method" else other.attach_freplace(target, "answer")
    assert link.target == "freplace:answer"
    assert observed("result with the function that replaces (without: 102)", result(target)) == 4202
    info = link.info
    assert isinstance(info, tinybpf.TracingLinkInfo)
    assert info.target_type_id > 0 or system.older_than("5.13")
    link.destroy()
    assert result(target) == 102


@pytest.mark.parametrize("given", ["descriptor", "by id", "pinned"])
def test_a_target_that_is_given_in_other_ways(target, given: str):
    skip_without("freplace")
    path = f"/sys/fs/bpf/freplace-{os.getpid()}"
    opened = tinybpf.open(OBJECT)
    opened.programs["asked"].autoload = False
    other = opened.programs["other"]
    other.autoload = True
    if given == "descriptor":
        other.set_target("answer", target.fd)
    elif given == "by id":
        held = tinybpf.open_program_by_id(target.info.id)
        other.set_target("answer", held)
    else:
        target.pin(path)
        held = tinybpf.open_pinned_program(path)
        target.unpin(path)
        other.set_target("answer", held)
    with opened.load() as obj:
        with obj.program("other").attach_freplace():
            assert result(target) == 4202
        if given != "descriptor":
            with obj.program("other").attach_freplace(held, "reply"):
                assert result(target) == 142
            held.close()
    assert result(target) == 102


def test_another_function_of_the_target(target, other):
    with other.attach_freplace(target, "reply"):
        assert result(target) == 142
    assert result(target) == 102


def test_what_cannot_be(target, other, build):
    with pytest.raises(ValueError, match="give target and function, or neither"):
        other.attach_freplace(target)
    with pytest.raises(TypeError, match="target must be a BpfProgram, not str"):
        other.attach_freplace("asked", "answer")
    with pytest.raises(tinybpf.BpfError, match="the target has no function 'answr'"):
        other.attach_freplace(target, "answr")
    with pytest.raises(tinybpf.BpfError, match=r"is a SCHED_CLS program .*, this needs a EXT one") as caught:
        target.attach_freplace(other, "x")
    assert caught.value.errno == errno.EINVAL
