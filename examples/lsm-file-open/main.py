"""Keep everyone from opening files of some names, until Ctrl-C: python main.py NAME..."""

import contextlib
import sys
from pathlib import Path

import tinybpf

if len(sys.argv) < 2:
    sys.exit(__doc__)

with contextlib.suppress(KeyboardInterrupt), tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
    for name in sys.argv[1:]:
        obj.map("guarded")[name.encode()[:63].ljust(64, b"\0")] = 1
    obj.program("opening").attach()
    print("Guarding.", flush=True)
    for d in obj.ring_buffer("denied"):
        print(f"denied: {d.Name.text} to {d.Comm.text}, process {d.PID} of user {d.UID}", flush=True)
