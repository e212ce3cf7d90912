"""What programs print, as records."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from descriptors import descriptors, settled

import tinybpf
from tinybpf.libbpf import trace

pytestmark = pytest.mark.kernel

INSTANCES = Path("/sys/kernel/tracing/instances")


def instances_of(pid: int) -> list[str]:
    return [path.name for path in INSTANCES.iterdir() if path.name.startswith(f"tinybpf-{pid}-")]


@pytest.fixture
def obj(build, me: int):
    with tinybpf.load(build("printing"), variables={"target": me}) as loaded:
        loaded.program("on_getppid").attach()
        yield loaded


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    before = settled()
    yield
    gc.collect()
    assert instances_of(os.getpid()) == []
    assert descriptors() <= before + 1


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that has the machine's one buffer only, empty at first."""

    def refuse(root: str) -> None:
        raise OSError(errno.ENOENT, "no instances")

    monkeypatch.setattr(trace, "_open_instance", refuse)
    with tinybpf.trace_pipe(timeout=0.1) as stream:
        assert stream.is_shared
        stream.take()


def produce(count: int) -> None:
    for _ in range(count):
        os.getppid()


def test_records_tell_who_when_and_what(obj, me: int):
    begun = time.monotonic()
    stream = tinybpf.trace_pipe(count=2, timeout=5, pid=me)
    cpus = os.sched_getaffinity(0)
    produce(2)
    first, second = stream
    assert (first.text, second.text) == ("call 1", "call 2")
    assert first.pid == second.pid == me and first.cpu in cpus
    assert begun <= first.timestamp <= second.timestamp <= time.monotonic()
    comm = Path("/proc/self/comm").read_text().strip()
    assert first.task == comm or (first.task == "<...>" and os.getpid() != me)
    assert stream.closed and not stream.is_shared and stream.lost == 0


def test_only_what_is_printed_from_now_on(obj, me: int):
    produce(3)
    with tinybpf.trace_pipe(timeout=0.2, pid=me) as stream:
        produce(1)
        assert [record.text for record in stream] == ["call 4"]


def test_a_text_of_several_lines(obj, me: int):
    with tinybpf.trace_pipe(timeout=0.3, pid=me) as stream:
        obj.program("several_lines").test_run(ctx=bytes(8))
        produce(1)
        assert [record.text for record in stream] == ["one\ntwo: ", "call 1"]


def test_readers_do_not_take_from_each_other(obj, me: int):
    one, two = tinybpf.trace_pipe(count=5, timeout=5, pid=me), tinybpf.trace_pipe(count=5, timeout=5, pid=me)
    produce(5)
    assert [record.text for record in one] == [record.text for record in two]


def test_one_thread_only(obj, me: int):
    with (
        tinybpf.trace_pipe(timeout=0.3, pid=me) as ours,
        tinybpf.trace_pipe(timeout=0.3, pid=me + 1) as others,
    ):
        produce(2)
        assert len(list(ours)) == 2 and list(others) == []


def test_the_shared_buffer(obj, me: int, shared: None):
    with tinybpf.trace_pipe(timeout=0.3, pid=me) as stream:
        assert stream.is_shared and "shared" in repr(stream)
        produce(2)
        assert [(record.pid, record.text) for record in stream] == [(me, "call 1"), (me, "call 2")]


def test_the_shared_buffer_has_one_reader(shared: None):
    with tinybpf.trace_pipe() as stream:
        try:
            second = tinybpf.trace_pipe()
        except tinybpf.BpfError as error:
            assert error.errno == errno.EBUSY
            assert f"(process {os.getpid()})" in str(error)
        else:  # before Linux 6.5
            second.close()
        assert not stream.closed


def test_lost_records_are_counted(obj, me: int):
    with tinybpf.trace_pipe(timeout=1, pid=me) as stream:
        (INSTANCES / os.path.basename(stream._instance or "") / "buffer_size_kb").write_text("4")
        produce(5000)
        texts = [record.text for record in stream]
    assert 0 < len(texts) < 5000 and stream.lost == 5000 - len(texts)
    assert texts[-1] == "call 5000"


@pytest.mark.parametrize("timeout", [float("inf"), 1e300])
def test_a_time_without_end(obj, me: int, timeout: float):
    came = threading.Event()

    def produce_until_it_comes() -> None:
        while not came.wait(0.1):
            produce(1)

    producer = threading.Thread(target=produce_until_it_comes)
    producer.start()
    try:
        (record,) = tinybpf.trace_pipe(count=1, timeout=timeout, pid=None)
    finally:
        came.set()
        producer.join()
    assert record.text.startswith("call ") or record.pid != me


def test_taking_without_waiting(obj, me: int):
    with tinybpf.trace_pipe(pid=me) as stream:
        assert stream.take() == [] and stream.fileno() > 2
        produce(3)
        assert [record.text for record in stream.take()] == ["call 1", "call 2", "call 3"]
        assert stream.take() == []
    with pytest.raises(tinybpf.BpfError, match="closed"):
        stream.fileno()


def test_it_ends_after_the_time(me: int):
    begun = time.monotonic()
    assert list(tinybpf.trace_pipe(timeout=0.2, pid=me)) == []
    assert 0.2 <= time.monotonic() - begun < 2


def test_closing_in_another_thread_ends_it(me: int):
    stream = tinybpf.trace_pipe(pid=me)
    timer = threading.Timer(0.2, stream.close)
    timer.start()
    begun = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - begun < 5
    timer.join()


@pytest.mark.parametrize("sign", ["SIGINT", "SIGKILL"])
def test_signals(sign: str):
    """Ctrl-C ends a wait; what a killed process leaves goes with the next reader."""
    code = "import tinybpf\ns = tinybpf.trace_pipe(pid=-1)\nprint('ready', flush=True)\nnext(s)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(getattr(signal, sign))
    _, errors = process.communicate(timeout=10)
    assert ("KeyboardInterrupt" in errors) == (sign == "SIGINT")
    assert sign == "SIGKILL" or instances_of(process.pid) == []  # another reader may have cleaned up
    tinybpf.trace_pipe().close()
    assert instances_of(process.pid) == []


def test_dropped_without_close(obj, me: int):
    stream = tinybpf.trace_pipe(pid=me)
    produce(1)
    assert next(stream).text == "call 1"
    del stream


def test_wrong_arguments():
    with pytest.raises(ValueError, match="timeout must not be negative: -1"):
        tinybpf.trace_pipe(timeout=-1)
    with pytest.raises(ValueError, match="count must not be negative: -1"):
        tinybpf.trace_pipe(count=-1)
    for wrong in ({"timeout": "1"}, {"count": 1.5}, {"pid": "me"}, {"count": True}):
        with pytest.raises(TypeError, match=f"{next(iter(wrong))} must be"):
            tinybpf.trace_pipe(**wrong)
    with pytest.raises(ValueError, match="not nan"):
        tinybpf.trace_pipe(timeout=float("nan"))
    assert list(tinybpf.trace_pipe(count=0)) == []


def test_where_tracefs_is_not_mounted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trace, "ROOTS", ("/nowhere",))
    with pytest.raises(tinybpf.NotFoundError, match="tracefs is not mounted\n  hint: mount -t tracefs"):
        tinybpf.trace_pipe()


def parse(stream: tinybpf.TraceStream, *lines: bytes) -> list[tinybpf.TraceRecord]:
    stream._parse(b"".join(line + b"\n" for line in lines))
    records = list(stream._records)
    stream._records.clear()
    return records


def test_lines_of_all_shapes():
    with tinybpf.trace_pipe() as stream:
        head = b"         a-1 [1]-17      [003] d..21    12.000345: bpf_trace_printk: "
        (record,) = parse(stream, head + b"x: y-5 [000] 1.0: bpf_trace_printk: z")
        assert record == ("a-1 [1]", 17, 3, 12.000345, "x: y-5 [000] 1.0: bpf_trace_printk: z")
        with_tgid = b"            curl-4711    (   4700) [000] .....  7.5: bpf_trace_printk: hi"
        assert parse(stream, with_tgid) == [("curl", 4711, 0, 7.5, "hi")]
        assert parse(stream, b"            curl-4711    [000]  7.5: bpf_trace_printk: ") == [
            ("curl", 4711, 0, 7.5, "")
        ]
        assert parse(stream, b"             \xff\xfe-1   [000] .....  7.5: bpf_trace_printk: no") == []
        odd = b"              \xff\xfe-1   [000] .....  7.5: bpf_trace_printk: \xc3\xa9 \x80"
        assert parse(stream, odd) == [(r"\xff\xfe", 1, 0, 7.5, r"é \x80")]
        other = b"            curl-4711    [000] .....  7.5: sched_switch: prev=x"
        assert parse(stream, other, b"its second line", head + b"ours") == [
            ("a-1 [1]", 17, 3, 12.000345, "ours")
        ]
        assert parse(stream, b"CPU:2 [LOST 31 EVENTS]", b"", b"garbage") == [] and stream.lost == 31
