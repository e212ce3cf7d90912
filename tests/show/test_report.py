from __future__ import annotations

import json
import os
import struct
from types import SimpleNamespace
from typing import Any

import pytest

from tinybpf import PanicLine
from tinybpf.show.output import Output
from tinybpf.show.report import JsonReport, TextReport
from tinybpf.show.shape import Group, Leaf

SHAPE = Group("Event", 0, 8, (Leaf("A", 0, 4, "int", "I"), Leaf("B", 4, 4, "int", "I")))


def buffer(shape: Group | None = SHAPE) -> Any:
    return SimpleNamespace(name="events", shape=shape)


class Pipe:
    """An output, and what was written to it."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.output = Output(writer)

    def text(self) -> str:
        os.close(self.output.fd)
        with open(self.reader) as file:
            return file.read()


def record(a: int, b: int) -> bytes:
    return struct.pack("=II", a, b)


def test_short_records_as_text(capsys):
    pipe = Pipe()
    report = TextReport(pipe.output, [buffer()], prints=False)
    report.events(buffer(), [record(1, 2), b"\x05\0\0\0"])
    report.events(buffer(), [b"\x06\0\0\0"])
    assert [line.split() for line in pipe.text().splitlines()] == [
        ["A", "B"],
        ["1", "2"],
        ["5", "0"],
        ["6", "0"],
    ]
    said = capsys.readouterr().err
    assert said == "tinybpf: a record of 'events' has 4 bytes, its type 8: the rest is shown as 0\n"


def test_short_records_as_json():
    pipe = Pipe()
    JsonReport(pipe.output).events(buffer(), [record(1, 2), b"\x05\0"])
    head = {"kind": "event", "map": "events"}
    assert [json.loads(line) for line in pipe.text().splitlines()] == [
        head | {"A": 1, "B": 2},
        head | {"raw": "0500"},
    ]


def test_events_of_a_type_that_nothing_gives():
    pipe = Pipe()
    TextReport(pipe.output, [buffer(None)], prints=False).events(buffer(None), [b"text\0", b"\x01\x02"])
    assert pipe.text().splitlines() == ["data", "text", "0102"]
    pipe = Pipe()
    JsonReport(pipe.output).events(buffer(None), [b"\x01"])
    assert json.loads(pipe.text()) == {"kind": "event", "map": "events", "raw": "01"}


def test_losses_and_panics(capsys):
    pipe = Pipe()
    text = TextReport(pipe.output, [buffer()], prints=True)
    text.lost("events", 1500, 1500)
    text.lost("printk", 1, 1)
    text.panics(3, 1)
    text.end({"events": 2, "printk": 7}, {"events": None, "printk": 0}, 3)
    assert capsys.readouterr().err.splitlines() == [
        "tinybpf: 1,500 events of 'events' lost: the buffer was full",
        "tinybpf: 1 line of Printk lost: the buffer was full",
        "tinybpf: a program ended in a panic, once",
        "tinybpf: 2 events of 'events', lost: unknown",
        "tinybpf: 3 panics ended a program",
    ]
    assert pipe.text() == ""


AT_9 = PanicLine("bpf/x.go", 9, "f", "index out of range", 1200)
AT_20 = PanicLine("bpf/x.go", 20, "g", "panic: \x1bno", 7)
NEVER = PanicLine("bpf/x.go", 30, "g", "integer divide by zero", 0)


def test_panics_by_line(capsys):
    pipe = Pipe()
    text = TextReport(pipe.output, [buffer()], prints=False)
    text.panics(1207, 3, [(AT_9, 1), (AT_20, 2)])
    text.end({"events": 2}, {"events": 0}, 1207, [AT_20, AT_9, NEVER])
    assert capsys.readouterr().err.splitlines() == [
        "bpf/x.go:9: index out of range in f, once",
        "bpf/x.go:20: panic: \\x1bno in g, 2 times",
        "tinybpf: 2 events of 'events', lost: 0",
        "tinybpf: 1,207 panics ended a program",
        "  1,200  bpf/x.go:9: index out of range in f",
        "      7  bpf/x.go:20: panic: \\x1bno in g",
    ]


def test_panics_by_line_as_json():
    pipe = Pipe()
    report = JsonReport(pipe.output)
    report.panics(1207, 1, [(AT_9, 1)])
    report.end({}, {}, 1207, [AT_9, NEVER])
    at_9 = {"file": "bpf/x.go", "line": 9, "function": "f", "reason": "index out of range", "count": 1200}
    assert [json.loads(line) for line in pipe.text().splitlines()] == [
        {"kind": "panics", "count": 1207, "new": 1, "lines": [at_9 | {"new": 1}]},
        {"kind": "end", "events": {}, "lost": {}, "panics": 1207, "panic_lines": [at_9]},
    ]


def test_losses_and_panics_as_json():
    pipe = Pipe()
    report = JsonReport(pipe.output)
    report.lost("events", 1500, 500)
    report.panics(3, 1)
    report.end({"events": 2}, {"events": None}, None)
    assert [json.loads(line) for line in pipe.text().splitlines()] == [
        {"kind": "lost", "map": "events", "count": 1500, "new": 500},
        {"kind": "panics", "count": 3, "new": 1},
        {"kind": "end", "events": {"events": 2}, "lost": {"events": None}, "panics": None},
    ]


@pytest.mark.parametrize("count", [0, 1, 5])
def test_what_is_attached(capsys, count):
    pipe = Pipe()
    programs = [(f"p{n}", f"xdp:eth{n}") for n in range(count)]
    TextReport(pipe.output, [], prints=False).attached(programs, ["a note"])
    said = capsys.readouterr().err.splitlines()
    names = "5 programs" if count == 5 else ", ".join(name for name, _ in programs)
    assert said == ["tinybpf: a note", f"tinybpf: attached {names}; Ctrl-C ends it"]
    JsonReport(pipe.output).attached(programs, [])
    told = [{"program": name, "to": to} for name, to in programs]
    assert json.loads(pipe.text()) == {"kind": "attached", "programs": told}
