"""Watch the scheduler until Ctrl-C, then print the threads that ran longest."""

import contextlib
import signal
from pathlib import Path

import tinybpf

with tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
    obj.program("switched").attach()
    with contextlib.suppress(KeyboardInterrupt):
        print("Watching; Ctrl-C ends it.", flush=True)
        signal.pause()

    threads = sorted(obj.map("threads").items(), key=lambda thread: thread[1].Ran, reverse=True)
    print(f"\n{'THREAD':>8}  {'NAME':<16} {'RAN':>12} {'SWITCHES':>9} {'PREEMPTED':>10}")
    for tid, t in threads[:10]:
        print(f"{tid:>8}  {t.Comm.text:<16} {t.Ran / 1e6:>9.1f} ms {t.Switches:>9} {t.Preempted:>10}")
