"""Drop all packets from some networks, until Ctrl-C: python main.py INTERFACE NETWORK..."""

import contextlib
import sys
import time
from pathlib import Path

import tinybpf

if len(sys.argv) < 3:
    sys.exit(__doc__)
interface, *networks = sys.argv[1:]

with contextlib.suppress(KeyboardInterrupt), tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
    blocked = obj.map("blocked")
    for network in networks:
        blocked[network] = 0
    obj.program("filter").attach_xdp(interface)
    while True:
        counts = [f"{n} from {network}" for network, n in blocked.items()]
        print("dropped:", ", ".join(counts), flush=True)
        time.sleep(1)
