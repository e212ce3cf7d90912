"""Measure system calls until Ctrl-C, then draw the five most frequent ones: python main.py [PID]"""

import contextlib
import signal
import sys
from pathlib import Path

import tinybpf

target = int(sys.argv[1]) if len(sys.argv) > 1 else 0

with tinybpf.load_go(Path(__file__).parent / "bpf", variables={"target": target}) as obj:
    obj.program("enter").attach()
    obj.program("exit").attach()
    with contextlib.suppress(KeyboardInterrupt):
        print("Measuring; Ctrl-C ends it.", flush=True)
        signal.pause()

    latency = sorted(obj.map("latency").items(), key=lambda call: sum(call[1].Slots), reverse=True)
    for number, histogram in latency[:5]:
        print(f"\nsystem call {number}: {sum(histogram.Slots)} times")
        for bits, count in enumerate(histogram.Slots):
            if count:
                bar = "#" * (40 * count // max(histogram.Slots))
                print(f"  below {(1 << bits) / 1000:>12,.3f} us {count:>8} {bar}")
