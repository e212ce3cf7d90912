"""``tinybpf run`` with the kernel: each form and flag, and what is left behind (nothing)."""

from __future__ import annotations

import gc
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from fcntl import F_SETPIPE_SZ, fcntl, ioctl
from pathlib import Path
from typing import Any

import pytest

import tinybpf

REFUSED = Path(__file__).parents[1] / "libbpf" / "refusals" / "record_late.go"
PROGRAMS = Path(__file__).parent / "programs"
CALLS = PROGRAMS / "calls"
RUN = [sys.executable, "-m", "tinybpf", "run"]
SHAPES = Path(__file__).parent.parent / "show" / "data" / "shapes.elf"
DEADLINE = 30.0

kernel = pytest.mark.kernel


def call(argument: int) -> None:
    """What the programs see: getpgid of a process that does not exist."""
    with suppress(OSError):
        os.getpgid(argument)


class Running:
    """A ``tinybpf run`` in a process of its own."""

    def __init__(self, *arguments: str | Path, before: tuple[str, ...] = (), **given: Any) -> None:
        self.process = subprocess.Popen(
            [*before, *RUN, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **given,
        )
        assert self.process.stdout is not None and self.process.stderr is not None
        self.out, self.err = self.process.stdout, self.process.stderr

    def wait_until_attached(self, as_json: bool = True) -> None:
        if as_json:
            line = self.line()
            assert line["kind"] == "attached", line
            return
        for line in self.err:
            if "attached" in line:
                return
        raise AssertionError("it ended without being attached")

    def line(self) -> dict[str, Any]:
        """The next line of JSON; fails where none comes."""
        line = self.out.readline()
        assert line, f"it ended: {self.err.read()}"
        return json.loads(line)

    def rest(self, number: int | None = None) -> list[dict[str, Any]]:
        """All further lines, after a signal."""
        return [json.loads(line) for line in self.end(number).splitlines()]

    def end(self, number: int | None = None) -> str:
        if number is not None:
            self.process.send_signal(number)
        # not communicate(): it forgets what came in one piece with a line that was read before
        with ThreadPoolExecutor(1) as pool, deadline(self.process):
            said = pool.submit(self.err.read)
            out = self.out.read()
        self.said = said.result()
        assert "Traceback" not in self.said
        return out


@contextmanager
def deadline(process: subprocess.Popen[str]) -> Iterator[None]:
    """The process has ended within the time; it is killed, and that is a failure, where it does not."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(DEADLINE, kill)
    timer.start()
    try:
        yield
        process.wait()
        assert not late.is_set(), f"it did not end within {DEADLINE} s"
    finally:
        timer.cancel()


@contextmanager
def running(*arguments: str | Path, as_json: bool = True, **given: Any) -> Iterator[Running]:
    """A run that is attached; killed at the end if it still runs."""
    run = Running(*arguments, *(["--json"] if as_json else []), **given)
    try:
        run.wait_until_attached(as_json)
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
        run.process.wait()
        run.out.close()
        run.err.close()


def events(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["kind"] == "event"]


@pytest.fixture
def target(me: int) -> tuple[str, str]:
    """The flag that limits events to this process."""
    return "--set", f"targetPid={me}"


# The forms


@pytest.fixture(scope="session")
def calls_object(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tinybpf.compiler import compile_go

    path = tmp_path_factory.mktemp("objects") / "calls.o"
    path.write_bytes(bytes(compile_go(CALLS)))
    return path


@kernel
@pytest.mark.parametrize("form", ["directory", "file", "text", "object"])
def test_forms(form: str, calls_object: Path, target: tuple[str, str], me: int) -> None:
    what: dict[str, list[str | Path]] = {
        "directory": [CALLS],
        "file": [CALLS / "calls.go"],
        "text": ["-e", (CALLS / "calls.go").read_text()],
        "object": [calls_object],
    }
    with running(*what[form], *target, "--count", "2") as run:
        call(-5)
        call(-6)
        lines = run.rest()
    comm = Path("/proc/self/comm").read_text().strip()
    same = {"kind": "event", "map": "events", "PID": me, "Comm": comm, "Big": str(1 << 60)}
    assert events(lines) == [same | {"Arg": -5}, same | {"Arg": -6}]
    assert lines[-1] == {"kind": "end", "events": {"events": 2}, "lost": {"events": 0}, "panics": 0}
    assert run.process.returncode == 0


@kernel
def test_text_of_the_typed_dialect(me: int) -> None:
    text = """
//bpf:section tracepoint/syscalls/sys_enter_getpgid
func hello(ctx *ebpf.SysEnter) int32 {
	if int32(ctx.Args[0]) == -42 {
		ebpf.Printk("hello from %d", ebpf.PID())
	}
	return 0
}"""
    with running("-e", text, "--count", "1", "--pid", str(me)) as run:
        call(-41)
        call(-42)
        printed = [line for line in run.rest() if line["kind"] == "printk"]
    assert [line["message"] for line in printed] == [f"hello from {me}"]


@kernel
def test_text_without_package_clause(target: tuple[str, str]) -> None:
    text = (CALLS / "calls.go").read_text().replace("package main\n", "")
    with running("-e", text, *target, "--count", "1") as run:
        call(-5)
        assert [event["Arg"] for event in events(run.rest())] == [-5]


def test_lines_of_a_text_are_those_that_were_typed(run):
    outcome = run("run", "-e", "//export f\nfunc f() int32 {\n\treturn nothing\n}")
    assert outcome.status == 1
    assert outcome.err.startswith("-e:3:9: undefined: nothing\n    \treturn nothing\n")


def test_lines_of_a_text_with_package_clause(run):
    outcome = run("run", "-e", "package main\n//export f\nfunc f() int32 {\n\treturn nothing\n}")
    assert outcome.err.startswith("-e:4:9: undefined: nothing\n")


@kernel
def test_line_of_a_text_that_the_verifier_refuses(run):
    text = (
        'import "unsafe"\n//bpf:section xdp\n//export f\nfunc f(ctx unsafe.Pointer) int32 {\n'
        "\treturn *(*int32)(unsafe.Add(ctx, 4000))\n}"
    )
    outcome = run("run", "-i", "lo", "-e", text)
    assert outcome.status == 1
    assert "-e:5" in outcome.err and "unsafe.Add(ctx, 4000)" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ((), 2, "give one program"),
        (("a", "-e", "func"), 2, "give one program"),
        (("",), 2, "must not be empty"),
        (("-e", ""), 2, "the program is empty"),
        (("-e", "x := 1"), 2, "there is no function in it"),
        (("nothing-here",), 1, "no such file or directory: nothing-here"),
        ((str(PROGRAMS), "--duration", "soon"), 2, "'soon' is no duration: write 10s"),
        ((str(PROGRAMS), "--count", "-1"), 2, "--count"),
        ((str(PROGRAMS), "--pid", "0"), 2, "--pid"),
        ((str(PROGRAMS / "prints.go"), "--section", "x"), 2, "is not of the form function=section"),
    ],
)
def test_wrong_usage(run, arguments, status, says):
    outcome = run("run", *arguments)
    assert outcome.status == status
    assert says in outcome.err
    assert outcome.out == ""


def test_a_source_that_is_refused_as_json(run):
    outcome = run("run", "--json", "-e", "func f(ctx *ebpf.SysEnter) int32 {\n\treturn nothing\n}")
    assert (outcome.status, outcome.err) == (1, "")
    (line,) = outcome.out.splitlines()
    told = json.loads(line)
    assert told["kind"] == "failed"
    (said,) = told["diagnostics"]
    assert (said["path"], said["line"], said["col"], said["end_col"]) == ("-e", 2, 9, 16)
    assert said["message"] == "undefined: nothing"


@kernel
def test_a_program_that_the_verifier_refuses_as_json(run):
    outcome = run("run", "--json", str(REFUSED))
    assert (outcome.status, outcome.err) == (1, "")
    (said,) = json.loads(outcome.out)["diagnostics"]
    assert said["kind"] == "verifier"
    assert said["path"].endswith("record_late.go") and said["source"] == "\te.A = 2"
    assert (said["line"], said["col"], said["end_col"]) == (18, 4, 5)
    assert said["message"] == f"program 'late' of 'record_late' was refused: {said['reason']}"
    assert said["reason"] == "e is used after events.Submit gave it back"
    assert (said["program"], said["variable"]) == ("late", "e")
    assert said["verifier"] == "R6 invalid mem access 'scalar'"
    (other,) = said["related"]
    assert (other["line"], other["message"]) == (17, "it is given back here")


@kernel
def test_a_program_that_the_verifier_refuses(run):
    outcome = run("run", str(REFUSED))
    assert (outcome.status, outcome.out) == (1, "")
    place = os.path.relpath(REFUSED)
    assert outcome.err.splitlines() == [
        f"{place}:18:4: program 'late' of 'record_late' was refused: e is used after events.Submit gave it "
        "back",
        f"\t{place}:17:9: it is given back here",
        "    \te.A = 2",
        "    \t  ^",
        "    hint: use it before that call, and copy what is needed afterwards into a variable",
        "    verifier: R6 invalid mem access 'scalar'",
    ]


# When it ends


@kernel
def test_count_is_exact(target: tuple[str, str]) -> None:
    with running(CALLS, *target, "--count", "3") as run:
        for argument in range(-10, 0):
            call(argument)
        lines = run.rest()
    assert [event["Arg"] for event in events(lines)] == [-10, -9, -8]


@kernel
def test_duration(target: tuple[str, str]) -> None:
    with running(CALLS, *target, "--duration", "300ms") as run:
        began = time.monotonic()
        lines = run.rest()
        took = time.monotonic() - began
    assert 0.2 < took < 5
    assert [line["kind"] for line in lines] == ["end"]


@kernel
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_in_order(number: int, target: tuple[str, str]) -> None:
    with running(CALLS, *target) as run:
        call(-5)
        assert run.line()["Arg"] == -5
        lines = run.rest(number)
    assert run.process.returncode == 0
    assert {"kind": "entry", "map": "byArg", "key": (1 << 32) - 5, "value": 1} in lines
    assert lines[-1]["kind"] == "end"


@kernel
def test_a_signal_while_it_compiles(tmp_path: Path) -> None:
    process = subprocess.Popen([*RUN, str(CALLS)], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(0.12)
    process.terminate()
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode in (128 + signal.SIGTERM, -signal.SIGTERM, 0)
    assert b"Traceback" not in said


@kernel
def test_a_reader_that_goes_away_ends_it_quietly(target: tuple[str, str]) -> None:
    for as_json in (True, False):
        with running(CALLS, *target, as_json=as_json) as run:
            run.out.close()
            assert run.process.wait(DEADLINE) == 0
            assert "Error" not in run.err.read()


@kernel
@pytest.mark.parametrize("before", [0, 5000])
def test_one_signal_does_where_the_output_is_stuck(before: int, target: tuple[str, str]) -> None:
    """Nobody reads the pipe: it is stuck before the signal, or by what comes at the end."""
    reader, writer = os.pipe()
    fcntl(writer, F_SETPIPE_SZ, 4096)
    if not before:
        os.write(writer, bytes(4096))
    process = subprocess.Popen([*RUN, str(CALLS), *target], stdout=writer, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while "attached" not in process.stderr.readline():
        pass
    for _ in range(before):
        call(-1)
    time.sleep(0.5)
    process.terminate()
    assert process.wait(10) == 128 + signal.SIGTERM
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    os.close(reader)
    os.close(writer)


@kernel
def test_without_standard_error(target: tuple[str, str]) -> None:
    command = " ".join([*RUN, str(CALLS), "--json", "--duration", "0", "2>&-", "<&-"])
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, text=True)
    assert (done.returncode, json.loads(done.stdout.splitlines()[-1])["kind"]) == (0, "end")


def test_without_standard_output() -> None:
    command = " ".join([*RUN, str(CALLS), ">&-"])
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "standard output is closed" in done.stderr


@kernel
def test_a_full_disk(target: tuple[str, str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*RUN, str(CALLS), "--duration", "0"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr


# What is shown


@kernel
def test_a_pipe_gets_aligned_lines_below_one_header(target: tuple[str, str]) -> None:
    with running(CALLS, *target, "--count", "100", as_json=False) as run:
        for argument in range(-100, 0):
            call(argument)
        out = run.end()
    rows = out.split("\n\n")[0].splitlines()
    assert rows[0].split() == ["PID", "Arg", "Comm", "Big"]
    assert len(rows) == 101
    assert len({row.index(str(1 << 60)) for row in rows[1:]}) == 1
    assert not any("PID" in row for row in rows[1:])
    assert "\x1b" not in out
    assert "100 events of 'events', lost: 0" in run.said


@kernel
def test_rows_are_flushed_one_by_one(target: tuple[str, str]) -> None:
    with running(CALLS, *target, as_json=False) as run:
        for argument in (-3, -4):
            call(argument)
            ready, _, _ = select.select([run.out], [], [], DEADLINE)
            assert ready
            lines = os.read(run.out.fileno(), 4096).decode().splitlines()
            assert f" {argument} " in lines[-1]


@kernel
def test_maps_at_the_end(target: tuple[str, str]) -> None:
    with running(CALLS, *target, "--set", "add=5", "--count", "3", as_json=False) as run:
        for argument in (-1, -2, -2):
            call(argument)
        out = run.end()
    minus_one, minus_two = (1 << 32) - 1, (1 << 32) - 2  # nothing says that the key has a sign
    assert f"\nbyArg:\n         key  value\n  {minus_two}     10\n  {minus_one}      5\n" in out
    assert "\ntotal:\n  key  value\n    0     15\n  … 1 entry is 0\n" in out
    assert ".bss" not in out and ".rodata" not in out and "events:" not in out


@kernel
def test_lost_events_and_panics_are_told(target: tuple[str, str]) -> None:
    with running(CALLS, *target) as run:
        call(-7)
        assert run.line()["Arg"] == -7
        assert run.line() == {"kind": "panics", "count": 1, "new": 1}
        run.process.send_signal(signal.SIGSTOP)
        for _ in range(3000):  # the buffer has room for 1,638
            call(-8)
        run.process.send_signal(signal.SIGCONT)
        while (line := run.line())["kind"] == "event":
            pass
        lines = [line, *run.rest(signal.SIGINT)]
    lost = next(line for line in lines if line["kind"] == "lost")
    end = lines[-1]
    assert lost["map"] == "events" and 1000 < lost["count"] < 3000
    assert end["lost"] == {"events": lost["count"]}
    assert end["events"]["events"] + lost["count"] == 3001
    assert end["panics"] == 1


PANICS = """//bpf:panics lines

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func asked(ctx *ebpf.SysEnter) int32 {
	if ebpf.PID() != targetPid {
		return 0
	}
	if table[ctx.Args[0]&15] == 1 {
		return 1
	}
	return int32(10 / divisor(ctx.Args[0]))
}

var table [8]uint64
var targetPid uint32

//go:noinline
func divisor(n uint64) uint64 {
	return uint64(10) / (n - 5)
}
"""


@kernel
def test_panics_are_told_by_line(target: tuple[str, str]) -> None:
    first = {"file": "-e", "line": 8, "function": "asked", "reason": "index out of range"}
    second = {"file": "-e", "line": 19, "function": "divisor", "reason": "integer divide by zero"}
    with running("-e", PANICS, *target) as run:
        for argument in (8, 9, 5):
            call(argument)
        lines = run.rest(signal.SIGINT)
    where = [first | {"count": 2, "new": 2}, second | {"count": 1, "new": 1}]
    assert lines[0] == {"kind": "panics", "count": 3, "new": 3, "lines": where}
    assert lines[-1]["panics"] == 3
    assert lines[-1]["panic_lines"] == [first | {"count": 2}, second | {"count": 1}]


@kernel
def test_panics_are_told_by_line_in_words(target: tuple[str, str]) -> None:
    with running("-e", PANICS, *target, as_json=False) as run:
        for argument in (8, 9, 5):
            call(argument)
        run.end(signal.SIGINT)
    assert run.said.splitlines()[-5:] == [
        "-e:8: index out of range in asked, 2 times",
        "-e:19: integer divide by zero in divisor, once",
        "tinybpf: 3 panics ended a program",
        "  2  -e:8: index out of range in asked",
        "  1  -e:19: integer divide by zero in divisor",
    ]


@kernel
def test_what_each_kind_of_buffer_loses(me: int) -> None:
    with running(SHAPES, "--set", f"target_pid={me}") as run:
        run.process.send_signal(signal.SIGSTOP)
        for _ in range(12_000):
            call(-1)
        run.process.send_signal(signal.SIGCONT)
        while run.line()["kind"] == "event":  # what was lost is told within a second
            pass
        cpus = os.sched_getaffinity(0)
        try:
            for cpu in cpus:  # the kernel tells with the next event of each CPU
                os.sched_setaffinity(0, [cpu])
                call(-1)
        finally:
            os.sched_setaffinity(0, cpus)
        end = run.rest(signal.SIGINT)[-1]
    total = 12_000 + len(cpus)
    assert end["lost"]["execs"] is None and end["lost"]["plain"] is None
    for name in ("conns", "perf"):
        assert end["lost"][name] > 0
        assert end["events"][name] + end["lost"][name] == total
    assert 0 < end["events"]["execs"] < total


@kernel
def test_printk(me: int) -> None:
    with running(PROGRAMS / "prints.go", "--count", "2", "--pid", str(me)) as run:
        call(-42)
        call(-42)
        lines = run.rest()
    printed = [line for line in lines if line["kind"] == "printk"]
    assert [(line["message"], line["pid"]) for line in printed] == [("call -42!", me)] * 2
    assert all(line["time"] > 0 and line["cpu"] >= 0 for line in printed)
    with running(PROGRAMS / "prints.go", "--count", "1", "--pid", str(me), as_json=False) as run:
        call(-42)
        head, row = run.end().splitlines()
    assert head.split() == ["comm", "pid", "message"]
    assert row.endswith(f"{me}  call -42!")


@kernel
def test_what_was_printed_before_is_not_shown(me: int) -> None:
    with running(PROGRAMS / "prints.go", "--count", "1"):
        call(-42)
        time.sleep(0.3)
    with running(PROGRAMS / "prints.go", "--duration", "300ms", "--pid", str(me)) as run:
        assert [line["kind"] for line in run.rest()] == ["end"]


@kernel
def test_iterators_are_walked_once(build, tmp_path: Path) -> None:
    path = tmp_path / "iterator.o"
    path.write_bytes(build("iterator"))
    with running(path, "--program", "tasks") as run:
        lines = run.rest()
    assert run.process.returncode == 0
    me = Path("/proc/self/comm").read_text().strip()
    assert {"kind": "line", "program": "tasks", "text": f"task{me}"} in lines
    assert [line["text"] for line in lines if line["kind"] == "line"][-1] == "done"
    with running(path, "--program", "tasks", as_json=False) as run:
        assert run.end().endswith("\ndone\n")


@kernel
def test_every_kind_of_field_from_several_buffers(me: int) -> None:
    """An object of clang's, with show tags, a perf buffer and two ring buffers."""
    with running(SHAPES, "--set", f"target_pid={me}", "--set", "want=PASS", "--count", "6") as run:
        call(-1)
        call(-2)
        lines = run.rest()
    found = events(lines)
    assert sorted(event["map"] for event in found) == ["conns", "conns", "execs", "execs", "perf", "perf"]
    for name in ("conns", "execs", "perf"):  # of two buffers the later event may be read first
        times = [event["When"] for event in found if event["map"] == name]
        assert times == sorted(times)
    conn = next(event for event in found if event["map"] == "conns")
    when = time.strftime("%Y-%m-%dT%H:", time.gmtime())
    assert conn.pop("When").startswith(when)
    assert conn.pop("PID") == me
    assert conn.pop("Comm") and conn.pop("Ptr").startswith("0x")
    assert conn == {
        "kind": "event", "map": "conns", "Src": "127.0.0.1", "Dst": "::1", "Port": 443, "Verdict": "PASS",
        "Took": 1234567, "Mac": "02:00:00:00:00:fe", "Mode": "0644", "Ret": "ENOENT", "Flags": "0xdead",
        "Len": 123456, "Bits": 5, "Rest": 0, "Ok": True,
    }  # fmt: skip
    entries = {line["map"]: line for line in lines if line["kind"] == "entry"}
    assert entries["counts"]["value"] == 2
    assert entries["percpu"] == {"kind": "entry", "map": "percpu", "key": me, "value": 2}
    assert entries["arr"] == {"kind": "entry", "map": "arr", "key": 7, "value": 20}
    buckets = [bucket for bucket in entries["lat"]["value"] if bucket["count"]]
    assert buckets == [{"min": 16, "max": 31, "count": 6}, {"min": 1024, "max": 2047, "count": 2}]
    assert lines[-1]["lost"] == {"plain": None, "conns": 0, "execs": None, "perf": 0}


@kernel
def test_histograms_are_drawn(me: int) -> None:
    with running(SHAPES, "--set", f"target_pid={me}", "--count", "3", as_json=False) as run:
        call(-1)
        out = run.end()
    assert "lat[0]: 4 values" in out
    assert re.search(r"^ +\[16, 32\)  3 \|█+\|$", out, re.M)
    assert re.search(r"^ +\[1K, 2K\)  1 \|█+[^█]? +\|$", out, re.M)


# Flags


@kernel
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("onlyArgs=1", "there is no knob 'onlyArgs' (did you mean 'onlyArg'?); there is: "),
        ("onlyArg", "give it as name=value"),
        ("onlyArg=many", "'many' is no integer"),
        ("onlyArg=99999999999", "out of range"),
        ("ebpf_panics=1", "there is no knob 'ebpf_panics'"),
    ],
)
def test_wrong_knobs(run, given, says):
    outcome = run("run", str(CALLS), "--set", given)
    assert outcome.status == 2
    assert says in outcome.err


@kernel
def test_set_is_typed(target: tuple[str, str]) -> None:
    with running(CALLS, *target, "--set", "onlyArg=-0x10", "--count", "1") as run:
        call(-15)
        call(-16)
        assert [event["Arg"] for event in events(run.rest())] == [-16]


@kernel
def test_pid_sets_the_knob_of_that_name(me: int) -> None:
    with running(CALLS, "--pid", str(me), "--count", "1") as run:
        subprocess.run([sys.executable, "-c", "import os; os.getpgid(0)"], check=True)
        call(-5)
        assert [(event["PID"], event["Arg"]) for event in events(run.rest())] == [(me, -5)]
    assert f"--pid sets the program's variable targetPid to {me}" in run.said


@kernel
def test_pid_limits_what_is_printed(me: int) -> None:
    with running(PROGRAMS / "prints.go", "--pid", str(me), "--count", "1") as run:
        subprocess.run([sys.executable, "-c", CHILD_CALL], check=True)
        call(-42)
        pids = [line["pid"] for line in run.rest() if line["kind"] == "printk"]
    assert pids == [me]


@kernel
def test_pid_limits_probes_and_samples(me: int) -> None:
    """Here it is the process id that this process has for itself: the kernel looks it up."""
    child = [sys.executable, "-c", "import os\nfor _ in range(300000): os.getpgid(0)"]
    with running(PROGRAMS / "process.go", "--pid", str(os.getpid())) as run:
        subprocess.run(child, check=True)
        for _ in range(300_000):
            os.getpgid(0)
        lines = run.rest(signal.SIGINT)
    entries = {(line["map"], line["key"]): line["value"] for line in lines if line["kind"] == "entry"}
    assert set(entries) == {("calls", me), ("ticks", me)}
    assert entries["calls", me] == 300_000
    assert 1 <= entries["ticks", me] < 3000
    assert "'on_tick' runs 99 times a second (cpu-clock)" in run.said


@kernel
def test_probes_of_all_processes() -> None:
    child = [sys.executable, "-c", "import os\nfor _ in range(77): os.getpgid(0)"]
    with running(PROGRAMS / "process.go", "--program", "on_call") as run:
        subprocess.run(child, check=True)
        lines = run.rest(signal.SIGINT)
    assert 77 in [line["value"] for line in lines if line["kind"] == "entry" and line["map"] == "calls"]


CHILD_CALL = "import os\ntry: os.getpgid(-42)\nexcept OSError: pass"


@kernel
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((PROGRAMS / "refuses.go", "--pid", "1"), "--pid has nothing to act on"),
        ((PROGRAMS / "refuses.go", "--count", "1"), "--count counts events"),
        ((CALLS, "--interface", "lo"), "--interface is for XDP and tc programs"),
        ((CALLS, "--cgroup", "/sys/fs/cgroup"), "--cgroup is for cgroup programs"),
    ],
)
def test_flags_that_would_do_nothing(run, arguments, says):
    outcome = run("run", *map(str, arguments))
    assert outcome.status == 2
    assert says in outcome.err


@kernel
def test_programs_of_packets_need_an_interface(run, build, tmp_path):
    path = tmp_path / "packets.o"
    path.write_bytes(build("packets"))
    outcome = run("run", str(path), "--program", "drop_udp")
    assert outcome.status == 2
    assert "'drop_udp' (xdp) sees packets of an interface: give --interface NAME; there is: " in outcome.err
    assert "lo" in outcome.err
    outcome = run("run", str(path), "--program", "drop_udp", "-i", "eth99")
    assert outcome.status == 1
    assert "'drop_udp' (xdp): attach xdp to 'eth99' failed: there is no such network interface" in outcome.err
    outcome = run("run", str(path), "--interface", "lo")
    assert outcome.status == 2
    assert "an interface takes one XDP program" in outcome.err


@kernel
def test_a_program_that_is_not_there(run):
    outcome = run("run", str(CALLS), "--program", "on_cal")
    assert outcome.status == 1
    assert "has no program 'on_cal' (did you mean 'on_call'?); there is: 'on_call'" in outcome.err


@kernel
def test_a_direction_that_the_section_leaves_open(build, tmp_path: Path) -> None:
    path = tmp_path / "filters.o"
    path.write_bytes(build("filters"))
    with running(path, "--program", "either", "-i", "1", "--duration", "0") as run:
        run.rest()
    assert "'either' sees what comes in: its section 'tc' names no direction" in run.said


@kernel
def test_nothing_stays_half_attached(run):
    before = attachments()
    outcome = run("run", str(PROGRAMS / "broken.go"))
    assert outcome.status == 1
    assert outcome.out == ""
    assert "'second' (tracepoint/syscalls/sys_enter_getpgidd): " in outcome.err
    assert "did you mean sys_enter_getpgid" in outcome.err
    assert attachments() == before


@kernel
def test_attachments_are_seen(build):
    before = attachments()
    with tinybpf.load(build("tracing")) as obj:
        obj.program("on_getppid").attach()
        assert len(attachments()) > len(before)
    assert attachments() == before


def attachments() -> list[str]:
    """What this process holds that attaches a program; what earlier tests dropped is gone."""
    gc.collect()
    held = []
    for fd in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the directory's own
            held.append(os.readlink(f"/proc/self/fd/{fd}"))
    return sorted(what for what in held if what in ("anon_inode:bpf_link", "anon_inode:[perf_event]"))


# Nothing is left behind


ENDS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


@kernel
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("source", "program"), [("packets", "drop_udp"), ("filters", "incoming")])
def test_packets_pass_again(veth, arrives, build, tmp_path, end, source, program):
    path = tmp_path / "filter.o"
    path.write_bytes(build(source))
    before = ("ip", "netns", "exec", veth[1].name)
    assert arrives(4242)
    with running(path, "-i", "vb", "--program", program, before=before) as run:
        assert not arrives(4242)
        assert arrives(4300)
        run.process.send_signal(end)  # `ip netns exec` becomes the command
        run.process.wait(DEADLINE)
        assert arrives(4242)


@pytest.fixture
def refused() -> Iterator[Refused]:
    """The port is ours until the test ends, so that another run's programs do not refuse it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield Refused(held.getsockname()[1])


class Refused:
    """A port that nobody listens at; ``flags`` make ``refuses.go`` refuse it, too."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.flags = "--set", f"port={socket.htons(port)}"

    def connect(self) -> str | None:
        """The name of the exception that a connection ends in."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
        except OSError as error:
            return type(error).__name__
        return None


@kernel
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_connections_are_allowed_again(refused: Refused, end: int) -> None:
    assert refused.connect() == "ConnectionRefusedError"
    with running(PROGRAMS / "refuses.go", *refused.flags) as run:
        assert refused.connect() == "PermissionError"
        run.end(end)
        assert refused.connect() == "ConnectionRefusedError"
    if end == signal.SIGINT:
        assert re.search(r"cgroup /\S+: all processes below it; --cgroup PATH chooses another", run.said)


@kernel
def test_cgroup(refused: Refused) -> None:
    from tinybpf.system import mounted

    root = next(iter(mounted("cgroup2")), None)
    if root is None:
        pytest.skip("this kernel has no cgroup2 mounted")
    other = Path(root) / f"tinybpf-run-{os.getpid()}"
    other.mkdir()
    try:
        with running(PROGRAMS / "refuses.go", *refused.flags, "--cgroup", other):
            assert refused.connect() == "ConnectionRefusedError"
    finally:
        other.rmdir()


# Terminals


def on_terminal(
    *arguments: str | Path, columns: int, lines: int, env: dict[str, str] | None = None, calls: int = 3
) -> str:
    """What a run writes to a terminal of that size; ended by Ctrl-C typed there."""
    pid, fd = pty.fork()
    if pid == 0:
        clean = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        os.execve(RUN[0], [*RUN, *map(str, arguments)], clean | {"TERM": "xterm"} | (env or {}))
    ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    written = b""
    deadline = time.monotonic() + DEADLINE
    asked = False
    while time.monotonic() < deadline:
        if not select.select([fd], [], [], 0.5)[0]:
            if b"Ctrl-C" in written and not asked:
                os.write(fd, b"\x03")
                asked = True
            continue
        try:
            part = os.read(fd, 65536)
        except OSError:
            break
        if not part:
            break
        if b"Ctrl-C" in part:
            for argument in range(-calls, 0):
                call(argument)
        written += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(fd)
    return written.decode().replace("\r\n", "\n")


@kernel
def test_a_wide_terminal_has_a_bold_header(target: tuple[str, str]) -> None:
    out = on_terminal(CALLS, *target, columns=80, lines=24)
    assert "\x1b[1m    PID         Arg" in out or re.search(r"\x1b\[1m +PID +Arg +Comm", out)
    assert len(re.findall(r"PID +Arg +Comm", out)) == 1
    assert all(len(line) <= 80 for line in plain(out).splitlines())


@kernel
def test_no_color(target: tuple[str, str]) -> None:
    out = on_terminal(CALLS, *target, columns=80, lines=24, env={"NO_COLOR": "1"})
    assert "\x1b" not in out
    assert "PID" in out


@kernel
def test_the_header_comes_again_on_each_screen(target: tuple[str, str]) -> None:
    out = on_terminal(CALLS, *target, columns=80, lines=10, calls=40)
    assert len(re.findall(r"PID +Arg +Comm", out)) >= 4


@kernel
def test_a_stream_that_nobody_could_read_is_cut(target: tuple[str, str]) -> None:
    out = on_terminal(CALLS, *target, columns=80, lines=24, calls=1500)
    left_out = [int(number.replace(",", "")) for number in re.findall(r"… ([\d,]+) more rows", out)]
    rows = len(re.findall(r"^ *\d+ +-\d+ ", plain(out), re.M))
    assert sum(left_out) + rows == 1500
    assert sum(left_out) > 0


@kernel
@pytest.mark.parametrize("env", [{}, {"COLUMNS": "30"}])
def test_a_narrow_terminal_gets_pairs(target: tuple[str, str], env: dict[str, str]) -> None:
    out = on_terminal(CALLS, *target, columns=30 if not env else 80, lines=20, env=env)
    rows = [line for line in plain(out).splitlines() if "=" in line]
    assert any(re.fullmatch(r"PID=\d+ Arg=-3.*", row) for row in rows)
    assert any(row.strip() == f"Big={1 << 60}" or f" Big={1 << 60}" in row for row in rows)
    assert all(len(row) <= 30 for row in rows)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[\d*m", "", text)


@kernel
def test_first_event_comes_soon(target: tuple[str, str]) -> None:
    """From the start of the process: compile, load, attach, show. Generous: machines of CI are slow."""
    best = DEADLINE
    for _ in range(3):
        began = time.monotonic()
        with running(CALLS, *target, "--count", "1") as run:
            call(-1)
            assert run.line()["Arg"] == -1
            best = min(best, time.monotonic() - began)
    assert best < 5
