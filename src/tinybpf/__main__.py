"""``python -m tinybpf`` is the command ``tinybpf``."""

import sys

from tinybpf.cli import main

if __name__ == "__main__":
    sys.exit(main())
