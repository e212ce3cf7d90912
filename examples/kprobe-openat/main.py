"""Print the files that processes open, until Ctrl-C."""

import contextlib
import os
from pathlib import Path

import tinybpf

with contextlib.suppress(KeyboardInterrupt), tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
    obj.program("opening").attach()
    obj.program("opened").attach()
    print(f"{'PID':>8}  {'COMM':<16} {'RESULT':<28} PATH", flush=True)
    for e in obj.ring_buffer("opens"):
        result = os.strerror(-e.Result) if e.Result < 0 else f"descriptor {e.Result}"
        print(f"{e.PID:>8}  {e.Comm.text:<16} {result:<28} {e.Path.text}", flush=True)
