"""The pytest in a guest of ``--bpf-kernels``, as a script: runs the tests of a job.

A script, and not a module, since the job says where modules come from.
"""

import json
import os
import sys


def main(job_path: str) -> int:
    """Run the tests of a job; pytest's exit status."""
    with open(job_path) as file:
        job = json.load(file)
    sys.path[:] = job["path"]
    os.chdir(job["cwd"])
    import pytest

    from tinybpf.testing.sending import Sender

    return int(pytest.main(job["args"], plugins=[Sender(job)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
