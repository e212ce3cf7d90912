"""Print the connections that this machine opens, until Ctrl-C."""

import contextlib
import socket
from pathlib import Path

import tinybpf

with contextlib.suppress(KeyboardInterrupt), tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
    obj.program("connect").attach()
    print(f"{'PROCESS':<16} {'PID':>8}  {'ADDRESS':<39} {'PORT':>5}", flush=True)
    for c in obj.ring_buffer("connections"):
        address = c.Addr4 if c.Family == socket.AF_INET else c.Addr6
        print(f"{c.Comm.text:<16} {c.PID:>8}  {address!s:<39} {c.Port:>5}", flush=True)
