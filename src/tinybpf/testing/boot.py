"""``python -m tinybpf.testing.boot JOB``: the pytest of one kernel, in a process of its own.

A process, so that it can be ended whatever it does, and an interrupt has one place to go to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

FAILED = 125


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
