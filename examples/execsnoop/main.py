"""Print the programs that this machine starts, until Ctrl-C."""

import contextlib
from pathlib import Path

import tinybpf

with contextlib.suppress(KeyboardInterrupt), tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
    obj.program("started").attach()
    print(f"{'PID':>8} {'UID':>6}  {'COMM':<16} PATH", flush=True)
    for e in obj.ring_buffer("execs"):
        print(f"{e.PID:>8} {e.UID:>6}  {e.Comm.text:<16} {e.Path.text}", flush=True)
