from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
import threading

import pytest

from tinybpf.show.output import Output
from tinybpf.show.stop import Stop, Stopped


@pytest.fixture
def terminal(monkeypatch):
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    outer, inner = pty.openpty()
    yield inner
    os.close(inner)
    os.close(outer)


def resize(fd: int, lines: int, columns: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def test_a_terminal_is_asked_for_its_size_each_time(terminal):
    output = Output(terminal)
    resize(terminal, 10, 40)
    assert (output.width, output.height) == (40, 10)
    resize(terminal, 50, 132)
    assert (output.width, output.height) == (132, 50)


def test_a_terminal_that_does_not_know_its_size(terminal):
    resize(terminal, 0, 0)
    assert (Output(terminal).width, Output(terminal).height) == (80, 24)


@pytest.mark.parametrize(("columns", "width"), [("33", 33), ("", 40), ("x", 40), ("0", 40), ("-5", 40)])
def test_columns(terminal, monkeypatch, columns, width):
    resize(terminal, 10, 40)
    monkeypatch.setenv("COLUMNS", columns)
    assert Output(terminal).width == width


def test_color(terminal, monkeypatch):
    assert Output(terminal).bold("x") == "\x1b[1mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Output(terminal).bold("x") == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert Output(terminal).bold("x") == "x"


def test_a_pipe_has_no_width_and_no_color(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    reader, writer = os.pipe()
    output = Output(writer)
    assert output.width is None and not output.colors and not output.is_terminal
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        output.write("x")
    os.close(writer)


def test_all_is_written_to_a_slow_reader_that_does_not_block():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    text = "0123456789" * 50_000
    found: list[bytes] = []

    def read() -> None:
        while part := os.read(reader, 4096):
            found.append(part)

    thread = threading.Thread(target=read)
    thread.start()
    Output(writer).write(text)
    os.close(writer)
    thread.join()
    os.close(reader)
    assert b"".join(found).decode() == text


def test_first_signal_is_noted_and_the_second_ends_at_once():
    import signal

    with Stop() as stop:
        stop.watching = True
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked == signal.SIGTERM
        assert os.read(stop.fd, 1)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_signals_before_anything_is_watched():
    import signal

    inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it
    try:
        with Stop(), pytest.raises(Stopped) as raised:
            os.kill(os.getpid(), signal.SIGHUP)
        assert raised.value.number == signal.SIGHUP
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, inherited)


def test_ignored_signals_stay_ignored():
    import signal

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stop() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.asked is None
    finally:
        signal.signal(signal.SIGHUP, before)
