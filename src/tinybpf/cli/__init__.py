"""The command line: ``tinybpf COMMAND``, one module for each command.

Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted. What is wrong is said on standard
error in words; ``TINYBPF_DEBUG=1`` shows the Python traceback instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

try:
    import click

    from tinybpf.cli import (
        build,
        doctor,
        elevated,
        init,
        inspect,
        link,
        map,
        messages,
        prog,
        run,
        top,
        verify,
        version,
        vm,
    )  # fmt: skip
except KeyboardInterrupt:  # from a cold disk this takes a while
    sys.exit(130)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Run tinybpf COMMAND --help for the flags of a command.",
)
def cli() -> None:
    """Compile Go to eBPF, run it, and look at what the kernel holds."""


cli.add_command(build.build)
cli.add_command(doctor.doctor)
cli.add_command(init.init)
cli.add_command(inspect.inspect)
cli.add_command(link.link)
cli.add_command(map.map_)
cli.add_command(prog.prog)
cli.add_command(run.run)
cli.add_command(elevated.run_elevated)
cli.add_command(top.top)
cli.add_command(verify.verify)
cli.add_command(version.version)
cli.add_command(vm.vm)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (``sys.argv`` by default); the exit status."""
    _open_standard_files()
    try:
        status = cli.main(args=arguments, prog_name="tinybpf", standalone_mode=False)
        if sys.stdout is not None:  # it was closed
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone; keep Python from saying so at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, click.Abort):
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        if os.environ.get("TINYBPF_DEBUG"):
            raise
        messages.show_failure(error)
        return 1
    return status if isinstance(status, int) else 0


def _open_standard_files() -> None:
    """A standard file that is closed would become some other file of ours: open the null device there."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - it stays open
