"""Print each file that is opened, by its whole path, until Ctrl-C."""

import contextlib
import os
from pathlib import Path

import tinybpf

MODES = {os.O_RDONLY: "read", os.O_WRONLY: "write", os.O_RDWR: "both"}

with contextlib.suppress(KeyboardInterrupt), tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
    obj.program("opening").attach()
    obj.program("opened").attach()
    print(f"{'PID':>8}  {'COMM':<16} {'TOOK':>9} {'SIZE':>10}  {'FOR':<5} {'RESULT':<8} PATH", flush=True)
    for e in obj.ring_buffer("opens"):
        mode = MODES.get(e.Flags & os.O_ACCMODE, "none")
        result = "allowed" if e.Result == 0 else os.strerror(-e.Result)
        took = f"{e.Took / 1e3:.1f} µs"
        print(
            f"{e.PID:>8}  {e.Comm.text:<16} {took:>9} {e.Size:>10}  {mode:<5} {result:<8} {e.Path.text}",
            flush=True,
        )
