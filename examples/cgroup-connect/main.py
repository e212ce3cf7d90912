"""Keep a cgroup from connecting to some ports, until Ctrl-C: python main.py CGROUP PORT..."""

import contextlib
import socket
import sys
from pathlib import Path

import tinybpf

if len(sys.argv) < 3:
    sys.exit(__doc__)
cgroup, *ports = sys.argv[1:]

with contextlib.suppress(KeyboardInterrupt), tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
    for port in ports:
        obj.map("blocked")[int(port)] = 0
    for program in obj.programs.values():
        program.attach_cgroup(cgroup)
    print(f"In {cgroup} these ports must not be connected to: {', '.join(ports)}", flush=True)
    for d in obj.ring_buffer("denied"):
        address = d.Addr4 if d.Family == socket.AF_INET else d.Addr6
        print(f"denied: {d.Comm.text} (process {d.PID}) to {address} port {d.Port}", flush=True)
