"""``python -m tinybpf.testing.boot JOB``: the pytest of one kernel, in a process of its own.

A process, so that it can be ended whatever it does, and an interrupt has one place to go to.
"""

from __future__ import annotations

import ctypes
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

FAILED = 125
PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str]) -> int:
    """Boot the kernel and run the tests; what went wrong is said on standard error."""
    from tinybpf import vm

    job = json.loads(Path(arguments[0]).read_text())
    script = Path(__file__).with_name("guest.py")
    try:
        status: int = vm.run(
            [sys.executable, str(script), arguments[0]],
            kernel=job["kernel"],
            cwd=Path(job["cwd"]),
            env=job["env"],
            shares=[Path(job["folder"])],
            timeout=job["timeout"],
        )
        return status
    except vm.VmError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


def follow_parent() -> None:
    """Be interrupted when the process that started this one is gone, killed perhaps.

    Where that one ignores interrupts, as what a shell runs in the background, this one does not.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


if __name__ == "__main__":
    follow_parent()
    sys.exit(main(sys.argv[1:]))
