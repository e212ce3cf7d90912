"""The programs of go/programs that watch: what they report is what happened."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

import tinybpf

pytestmark = pytest.mark.kernel


def attach_all(obj) -> None:
    for program in obj.programs.values():
        program.attach()


def text(value) -> str:
    return bytes(value).partition(b"\0")[0].decode()


# ---- knobs ----


def test_knobs_reports_what_is_slower_than_user_space_says(program_of, tool):
    obj = program_of("knobs", minNs=300_000_000)
    attach_all(obj)
    sleep = tool("sleep", "tb-sleep")
    for seconds in ("0.01", "0.4", "0.05", "0.6"):
        subprocess.run([sleep, seconds], check=True)
    ours = [e for e in obj.ring_buffer("sleeps", timeout=0.5) if text(e.Comm) == "tb-sleep"]
    assert [event.Took > slept for event, slept in zip(ours, (4e8, 6e8), strict=True)] == [True, True]
    assert obj.lost("sleeps") == 0


def test_knobs_looks_at_one_process(program_of, tool, same_pids):
    sleep = tool("sleep", "tb-sleep")
    chosen, other = (
        subprocess.Popen(["sh", "-c", f"read x; exec {sleep} 0.05"], stdin=subprocess.PIPE) for _ in "12"
    )
    if not same_pids:
        pytest.skip("in a container BPF sees other process ids")
    obj = program_of("knobs", minNs=0, target=chosen.pid)
    attach_all(obj)
    for process in (other, chosen):
        process.communicate(b"\n")
    assert [event.PID for event in obj.ring_buffer("sleeps", timeout=0.5)] == [chosen.pid]


def test_a_knob_that_is_not_set_keeps_its_value(program_of):
    obj = program_of("knobs")
    assert (obj.globals["minNs"], obj.globals["target"]) == (1_000_000, 0)


# ---- reservations ----


def test_reservations_yields_each_exec_with_its_path(program_of, tool, same_pids):
    obj = program_of("reservations")
    attach_all(obj)
    true = tool("true", "tb-true")
    children = [subprocess.Popen([true]) for _ in range(3)]
    for child in children:
        child.wait()
    events = [e for e in obj.ring_buffer("execs", timeout=0.5) if text(e.Path) == str(true)]
    assert [(text(e.Comm), e.UID) for e in events] == [("tb-true", os.getuid())] * 3
    if same_pids:
        assert {e.PID for e in events} == {child.pid for child in children}
    assert obj.lost("execs") == 0


def test_reservations_cuts_a_path_that_is_too_long(program_of, tool, tmp_path):
    folder = tmp_path / ("x" * 150)
    folder.mkdir()
    true = tool("true", "tb-true").rename(folder / "tb-true")
    obj = program_of("reservations")
    attach_all(obj)
    subprocess.run([true], check=True)
    events = [e for e in obj.ring_buffer("execs", timeout=0.5) if text(e.Comm) == "tb-true"]
    assert [text(e.Path) for e in events] == [str(true)[:127]]


# ---- histograms ----


def pipe_reads(path: Path, count: int, seconds: float) -> subprocess.Popen[bytes]:
    """A process that reads from a pipe as often as that, waiting as long each time."""
    writer = f"for i in $(seq {count}); do sleep {seconds}; echo; done"
    command = f"({writer}) | {path} bs=1 count={count} 2>/dev/null >/dev/null"
    return subprocess.Popen(["sh", "-c", command])


def test_histograms_adds_up(program_of, tool):
    dd = tool("dd", "tb-dd")
    obj = program_of("histograms")
    attach_all(obj)
    assert pipe_reads(dd, 5, 0.15).wait() == 0
    for link in obj.links:
        link.destroy()
    time.sleep(0.05)  # a program that runs just now ends
    everything = [list(h.Slots) for h in obj.map("all").lookup_percpu(0)]
    together = [sum(slots) for slots in zip(*everything, strict=True)]
    by_process = [list(h.Slots) for h in obj.map("byProcess").values()]
    if len(by_process) < 500:  # else the least used may be gone
        assert together == [sum(slots) for slots in zip(*by_process, strict=True)]
    slow = (150_000_000).bit_length()  # from 2**27 ns on: more where the machine is busy
    assert any(sum(slots[slow:]) >= 4 for slots in by_process)
    assert sum(together) >= 5


# ---- options ----


@pytest.fixture
def pinned():
    path = Path("/sys/fs/bpf/opens")
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


def opens_of(obj, comm: str) -> int:
    counts = {(key.UID, text(key.Comm)): n for key, n in obj.map("opens").items()}
    return counts.get((os.getuid(), comm), 0)


def test_options_counts_opens_and_the_map_outlives_the_program(program_of, tool, pinned, tmp_path):
    cat = tool("cat", "tb-cat")
    (tmp_path / "file").write_text("")
    first = program_of("options")
    attach_all(first)
    subprocess.run([cat, tmp_path / "file"], check=True)
    once = opens_of(first, "tb-cat")
    subprocess.run([cat, tmp_path / "file", tmp_path / "file"], check=True)
    assert opens_of(first, "tb-cat") == 2 * once + 1  # one file more than in the first run
    first.close()
    assert pinned.exists()
    again = program_of("options")
    assert opens_of(again, "tb-cat") == 2 * once + 1
    attach_all(again)
    subprocess.run([cat, tmp_path / "file"], check=True)
    assert opens_of(again, "tb-cat") == 3 * once + 1


def test_options_has_the_map_that_it_asks_for(program_of, pinned):
    obj = program_of("options")
    found = obj.map("opens").info
    assert (found.type.name, found.max_entries, found.key_size, found.value_size) == (
        "LRU_HASH",
        10240,
        20,
        8,
    )


# ---- several: the tracing part ----


def test_several_counts_processes_that_end(program_of):
    obj = program_of("several")
    obj.program("ended").attach()
    before = obj.map("exits")[0]
    for _ in range(10):
        subprocess.run(["true"], check=True)
    assert obj.map("exits")[0] - before >= 10
    for link in obj.links:
        link.destroy()
    time.sleep(0.05)  # a program that runs just now ends
    after = obj.map("exits")[0]
    subprocess.run(["true"], check=True)
    time.sleep(0.05)
    assert obj.map("exits")[0] == after


# ---- callbacks ----


def test_callbacks_find_the_process_that_opened_the_most(program_of, same_pids):
    obj = program_of("callbacks")
    opened = obj.map("opened")
    opened[1] = 10**9
    opened[2] = 10**9 + 5
    opened[3] = 7
    obj.program("count").attach()
    with tinybpf.trace_pipe(timeout=5) as lines:
        obj.program("report").attach()
        ended = subprocess.Popen(["sh", "-c", "cat /dev/null; exit 0"])
        ended.wait()
        line = next(record.text for record in lines if record.text.startswith("process 2 "))
    assert line.strip() == f"process 2 has opened {10**9 + 5} files"
    if same_pids:
        assert opened[ended.pid] > 0  # what it opened itself is counted
