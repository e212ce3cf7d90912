"""What a type checker knows of users' code: read by mypy and pyright (tools/check_types.py), never run.

A comment ``type: ignore`` stands where an error must be: mypy complains of one without.
"""

from __future__ import annotations

import ctypes
from typing import Any

from typing_extensions import assert_type

import tinybpf


class Start(ctypes.Structure):
    _fields_ = [("pid", ctypes.c_uint32)]


def objects() -> None:
    with tinybpf.load_go("bpf") as obj:
        assert_type(obj, tinybpf.BpfObject)
        assert_type(obj.program("started"), tinybpf.BpfProgram)
        assert_type(obj.program("started").attach(), tinybpf.BpfLink)
        assert_type(obj.maps["starts"], tinybpf.BpfMap[Any, Any])
        obj.program(5)  # type: ignore[arg-type]
        obj.programme("started")  # type: ignore[attr-defined]
    tinybpf.load(5)  # type: ignore[arg-type]
    with tinybpf.open(b"") as opened:
        assert_type(opened, tinybpf.OpenObject)
        assert_type(opened.maps["starts"].max_entries, int)
        assert_type(opened.load(), tinybpf.BpfObject)


def maps(obj: tinybpf.BpfObject) -> None:
    counts: tinybpf.BpfMap[int, list[int]] = obj.map("counts")
    assert_type(counts[1], list[int])
    assert_type(counts.get(1), list[int] | None)
    assert_type(counts.lookup(1), list[int] | None)
    assert_type(counts.to_dict(), dict[int, list[int]])
    for key, values in counts.items():
        assert_type(key, int)
        assert_type(values, list[int])
    counts["one"] = [1]  # type: ignore[index]


def streams(obj: tinybpf.BpfObject) -> None:
    assert_type(obj.ring_buffer("starts"), tinybpf.EventStream[Any])
    assert_type(obj.ring_buffer("starts", event_type=bytes), tinybpf.EventStream[bytes])
    for start in obj.ring_buffer("starts", event_type=Start, timeout=1):
        assert_type(start, Start)
    assert_type(next(obj.perf_buffer("starts", event_type=Start)), Start)
    assert_type(obj.ring_buffer("starts").drain(), list[bytes])
    assert_type(obj.ring_buffer("starts").lost, int | None)


async def tasks(obj: tinybpf.BpfObject) -> None:
    async for start in obj.ring_buffer("starts", event_type=Start):
        assert_type(start, Start)
    async with tinybpf.BpfRingBuffer(obj.map("starts"), event_type=Start) as buffer:
        async for event in buffer.events():
            assert_type(event, tinybpf.RingBufferEvent[Start])


def buffers(obj: tinybpf.BpfObject) -> None:
    map = obj.map("starts")
    assert_type(tinybpf.BpfRingBuffer(map), tinybpf.BpfRingBuffer[bytes])
    assert_type(tinybpf.BpfRingBuffer(map, as_memoryview=True), tinybpf.BpfRingBuffer[memoryview])
    assert_type(tinybpf.BpfRingBuffer(map, event_type=None), tinybpf.BpfRingBuffer[Any])
    with tinybpf.BpfRingBuffer(map, event_type=Start) as buffer:
        assert_type(buffer, tinybpf.BpfRingBuffer[Start])
        assert_type(list(buffer), list[Start])
        assert_type(buffer.poll(timeout_ms=100), int)
    tinybpf.BpfRingBuffer(map, show)
    assert_type(tinybpf.BpfRingBuffer(map, None, True), tinybpf.BpfRingBuffer[memoryview])
    tinybpf.BpfRingBuffer(map, show_start, event_type=Start)
    tinybpf.BpfRingBuffer(map, show_start)  # type: ignore[arg-type]
    tinybpf.BpfPerfBuffer(map, lambda cpu, data: print(cpu + len(data)))
    assert_type(tinybpf.BpfPerfBuffer(map, event_type=Start), tinybpf.BpfPerfBuffer[Start])


def show(record: bytes) -> None:
    print(len(record))


def show_start(start: Start) -> None:
    print(start.pid)


def errors() -> None:
    try:
        tinybpf.load("filter.o")
    except tinybpf.VerifierError as error:
        assert_type(error.source, tinybpf.SourceLine | None)
        assert_type(error.summary, str)
    except tinybpf.NotFoundError as error:
        assert isinstance(error, FileNotFoundError)


def results(program: tinybpf.BpfProgram) -> None:
    result = program.test_run(data=bytes(64))
    assert_type(result.retval, int)
    assert_type(program.info.id, int)
    assert_type(tinybpf.features.program_type("xdp").works, bool)
    for found in tinybpf.programs():
        assert_type(found, tinybpf.ProgramInfo)
