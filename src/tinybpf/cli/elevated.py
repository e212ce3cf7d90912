"""``tinybpf run-elevated``: a Python script as root."""

from __future__ import annotations

import os
import shutil
import sys

import click

CARRIED = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "NO_COLOR", "FORCE_COLOR")
"""What sudo would leave behind and Python, or we, go by; and all that begins with ``TINYBPF_``."""


@click.command(
    "run-elevated", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("script", type=click.Path())
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run_elevated(script: str, arguments: tuple[str, ...]) -> None:
    """Run a Python script as root, with this Python and what is installed for it.

    All that follows SCRIPT is the script's, dashes or not. It runs under sudo, which may ask for the
    password; where this is root already it just runs.

    Exit status: the script's, or sudo's where that refuses.
    """
    if script.startswith("-"):
        raise click.NoSuchOption(script)
    if not os.path.isfile(script):
        kind = "is a directory" if os.path.isdir(script) else "there is no such file"
        raise click.ClickException(f"run '{script}' failed: {kind}")
    command = [sys.executable, script, *arguments]
    if os.geteuid() != 0:
        command = [*_sudo(), *command]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)


def _sudo() -> list[str]:
    """What stands before the command: sudo, and the environment that it would not pass on."""
    sudo = shutil.which("sudo")
    if sudo is None:
        raise click.ClickException(
            "there is no sudo here to become root with: install it, or run this command as root, "
            "such as by su -c"
        )
    names = sorted(name for name in os.environ if name in CARRIED or name.startswith("TINYBPF_"))
    env = shutil.which("env")
    kept = [f"{name}={os.environ[name]}" for name in names] if env else []
    return [sudo, "--", *([env, *kept] if env and kept else [])]
