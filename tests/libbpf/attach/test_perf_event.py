"""Perf events: samples of a clock, and events that are counted."""

from __future__ import annotations

import errno
import mmap
import subprocess
import sys
import time

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf
from tinybpf.libbpf.attach.perf_event import online_cpus

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build, me: int):
    with tinybpf.load(build("probes"), variables={"target": me}) as loaded:
        yield loaded


def burn(seconds: float) -> None:
    """Use that much of a CPU's time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def samples(obj, seconds: float) -> int:
    before = obj.globals["sampled"]
    burn(seconds)
    return obj.globals["sampled"] - before


@pytest.mark.parametrize("where", [{}, {"pid": 0}, {"cpus": "all"}], ids=str)
def test_a_clock_samples_so_many_times_a_second(obj, where: dict[str, object]):
    if where.get("cpus") == "all":
        where = {"cpus": online_cpus()}
    link = obj.program("on_sample").attach_perf_event("cpu-clock", frequency=500, **where)
    assert link.target == "perf_event:cpu-clock" and link.fd > 2
    assert 50 <= samples(obj, 0.4) <= 400  # 200 on a quiet machine
    link.destroy()
    assert observed("samples after the end", samples(obj, 0.1)) == 0 and link.fd == -1


def test_a_period_in_nanoseconds(obj):
    obj.program("on_sample").attach_perf_event(period=10_000_000)
    assert 10 <= samples(obj, 0.4) <= 60  # 40


def test_every_page_fault(obj):
    obj.program("on_sample").attach_perf_event("page-faults", pid=0)
    before = obj.globals["sampled"]
    pages = 64
    with mmap.mmap(-1, pages * mmap.PAGESIZE) as memory:
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            memory.madvise(mmap.MADV_NOHUGEPAGE)
        for page in range(pages):
            memory[page * mmap.PAGESIZE] = 1
    assert observed("64 page faults or more are sampled", obj.globals["sampled"] - before >= pages)


def test_one_process_only(build):
    code = "import sys, time; print(flush=True); sys.stdin.readline(); end = time.process_time() + 0.2"
    code += "\nwhile time.process_time() < end: pass"
    with tinybpf.load(build("probes")) as obj:  # counts whatever it is called for
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdin and other.stdout and other.stdout.readline()
            time.sleep(0.05)  # it waits for us
            obj.program("on_sample").attach_perf_event(frequency=500, pid=other.pid)
            assert samples(obj, 0.2) == 0
            other.stdin.write("\n")
            other.stdin.close()
            other.wait(30)
        assert 20 <= obj.globals["sampled"] <= 250  # 100


def test_gone_with_its_object(build):
    before = settled()
    with tinybpf.load(build("probes")) as obj:
        obj.program("on_sample").attach_perf_event(frequency=50)
        assert descriptors() > before
    assert descriptors() == before


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"event": "cycles"}, ValueError, "event 'cycles' is unknown; there is: cpu-clock, "),
        ({"event": 5}, TypeError, r"event must be a name or \(type, config\)"),
        ({"frequency": 10, "period": 10}, ValueError, "give frequency or period, not both"),
        ({"frequency": 0}, ValueError, "frequency must be positive: 0"),
        ({"period": "1"}, TypeError, "period must be a number, not str"),
        ({"frequency": 10**9}, tinybpf.BpfError, "the kernel refuses this frequency or period"),
        ({"pid": (1 << 22) + 1}, tinybpf.BpfError, "there is no process 4194305"),
        ({"cpus": []}, ValueError, "cpus is empty"),
        ({"cpus": -1}, ValueError, "there is no CPU -1"),
        ({"cpus": 5000}, tinybpf.BpfError, "CPU 5000 is not online; those that are: 0"),
        ({"pid": "1"}, TypeError, "pid must be a process id, not str"),
        ({"pid": -5}, ValueError, "pid must be a process id, or 0 for this process: -5"),
        ({"event": (1, -1)}, ValueError, "type and config must fit 32 and 64 bits"),
        ({"event": (77, 1)}, tinybpf.BpfError, r"attach perf event '\(77, 1\)'"),
    ],
)
def test_what_cannot_be(obj, arguments: dict[str, object], error: type, words: str):
    with pytest.raises(error, match=words):
        obj.program("on_sample").attach_perf_event(**arguments)
    assert obj.links == ()


def test_a_program_of_another_type(obj):
    with pytest.raises(
        tinybpf.BpfError, match=r"is a KPROBE program .*, this needs a PERF_EVENT one"
    ) as caught:
        obj.program("on_call").attach_perf_event()
    assert caught.value.errno == errno.EINVAL


def test_the_section_alone_does_not_say_which(obj):
    with pytest.raises(tinybpf.BpfError, match=r"attach_perf_event\('cpu-clock', frequency=99\) does it"):
        obj.program("on_sample").attach()


def test_a_counter_that_the_machine_has_or_not(obj):
    try:
        link = obj.program("on_sample").attach_perf_event("instructions", period=1_000_000)
    except tinybpf.BpfError as error:
        assert error.errno in (errno.ENOENT, errno.EOPNOTSUPP)
        assert error.errno == errno.EOPNOTSUPP or "has no such counter" in str(error)
        pytest.skip("this kernel has no counter of instructions on this machine")
    else:
        assert observed("more than 10 samples of a million instructions each", samples(obj, 0.2) > 10)
        link.destroy()


def test_the_numbers_are_the_kernels(obj):
    obj.program("on_sample").attach_perf_event((1, 0), frequency=500)  # PERF_TYPE_SOFTWARE, cpu-clock
    assert samples(obj, 0.2) > 20
