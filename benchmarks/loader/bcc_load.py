"""A small program loaded with bcc, run by the interpreter that Debian's package is for: WAY ROUNDS LOADS."""

from __future__ import annotations

import sys
import time

from bcc import BPF

from benchmarks.loader import peers

PROGRAM = """
BPF_HASH(counts, u32, u64, 256);
BPF_ARRAY(seen, u64, 1);

int count(struct xdp_md *ctx)
{
    int zero = 0;
    u64 *n, *total = seen.lookup(&zero), one = 1;
    if (!total)
        return XDP_PASS;
    u32 key = ++*total & 7;
    n = counts.lookup(&key);
    if (n)
        ++*n;
    else
        counts.update(&key, &one);
    return XDP_PASS;
}
"""


def load() -> None:
    """Compile, load, and let go of it: bcc has no objects that were compiled before."""
    b = BPF(text=PROGRAM, cflags=["-Wno-everything"])
    b.load_func("count", BPF.XDP)
    b.cleanup()


def main(way: str, rounds: str, loads: str) -> None:
    if way == "memory":
        load()
        with open("/proc/self/status") as status:
            print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
        return

    def work() -> tuple[int, int]:
        for _ in range(int(loads)):
            load()
        return int(loads), 0

    peers.rounds(int(rounds), lambda: None, work, time.perf_counter)


if __name__ == "__main__":
    main(*sys.argv[1:])
