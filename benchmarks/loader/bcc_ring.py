"""The same with bcc, run by the interpreter that Debian's package is for: WAY ROUNDS RECORDS."""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from collections.abc import Callable

from bcc import BPF

from benchmarks.loader import peers

PROGRAM = """
struct event { u64 number; u32 pid, kind; char data[48]; };
BPF_RINGBUF_OUTPUT(events, 4096);
BPF_ARRAY(numbers, u64, 1);

int fill(struct xdp_md *ctx)
{
    struct event e = {};
    int zero = 0;
    u64 *number = numbers.lookup(&zero);
    if (!number)
        return XDP_PASS;
    e.number = ++*number;
    e.pid = *number & 0xffff;
    e.kind = *number & 7;
    events.ringbuf_output(&e, sizeof e, 0);
    return XDP_PASS;
}
"""
SYS_BPF = {"x86_64": 321, "aarch64": 280}
BPF_PROG_TEST_RUN = 10


def fill(fd: int, records: int) -> None:
    """Run the program so many times."""
    packet = ctypes.create_string_buffer(64)
    attributes = struct.pack("IIIIQQII32x", fd, 0, 64, 0, ctypes.addressof(packet), 0, records, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(SYS_BPF[platform.machine()], BPF_PROG_TEST_RUN, attributes, len(attributes)):
        raise OSError(ctypes.get_errno(), "BPF_PROG_TEST_RUN")


def callbacks(table: object, found: list[int]) -> dict[str, Callable[[object, int, int], None]]:
    """What each way does with a record; ``found`` has the number of them and the sum."""
    kept: list[bytes] = []

    def typed(context: object, data: int, size: int) -> None:
        event = table.event(data)  # type: ignore[attr-defined]
        found[0] += 1
        found[1] += event.number + event.kind

    def callback(context: object, data: int, size: int) -> None:
        found[0] += 1

    def batch(context: object, data: int, size: int) -> None:
        found[0] += 1
        kept.append(ctypes.string_at(data, size))

    return {"typed": typed, "callback": callback, "bytes": batch}


def main(way: str, rounds: str, records: str) -> None:
    b = BPF(text=PROGRAM, cflags=["-Wno-everything"])
    fd = b.load_func("fill", BPF.XDP).fd
    found = [0, 0]
    b["events"].open_ring_buffer(callbacks(b["events"], found)[way])

    def work() -> tuple[int, int]:
        found[:] = [0, 0]
        b.ring_buffer_consume()
        return found[0], found[1]

    peers.rounds(int(rounds), lambda: fill(fd, int(records)), work)


if __name__ == "__main__":
    main(*sys.argv[1:])
