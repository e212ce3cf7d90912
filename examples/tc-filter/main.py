"""Drop the packets that leave for some services, until Ctrl-C: python main.py INTERFACE tcp/25 udp/53..."""

import contextlib
import sys
from pathlib import Path

import tinybpf

if len(sys.argv) < 3:
    sys.exit(__doc__)
interface, *services = sys.argv[1:]

with contextlib.suppress(KeyboardInterrupt), tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
    for service in services:
        protocol, port = service.split("/")
        obj.map("blocked")[{"Protocol": {"tcp": 6, "udp": 17}[protocol], "Port": int(port)}] = 0
    obj.program("filter").attach_tcx(interface)
    print(f"Watching what leaves {interface}.", flush=True)
    for drop in obj.ring_buffer("drops"):
        print(f"dropped: {drop.Len} bytes to {drop.To.Protocol.name}/{drop.To.Port}", flush=True)
