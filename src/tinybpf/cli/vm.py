"""``tinybpf vm``: a command under other kernels."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

import click

from tinybpf.cli import messages

if TYPE_CHECKING:
    from tinybpf.vm import Kernel


@click.command(context_settings={"ignore_unknown_options": False})
@click.option("--kernel", "lines", multiple=True, metavar="X.Y", help="A kernel, such as 6.12; repeatable.")
@click.option("--list", "list_them", is_flag=True, help="List the kernels that there are, and end.")
@click.option("--update", is_flag=True, help="Look for newer kernels than those in the cache.")
@click.option("--timeout", default=900.0, show_default=True, help="Seconds, boot included.")
@click.option("--cpus", default=2, show_default=True, help="Processors of the guest.")
@click.option("--memory", default="2G", show_default=True, help="Memory of the guest.")
@click.option(
    "--share", "shares", multiple=True, metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Let the guest write to this folder; repeatable.",
)  # fmt: skip
@click.option("--env", "settings", multiple=True, metavar="NAME=VALUE", help="Set a variable; repeatable.")
@click.option(
    "--console", type=click.Path(dir_okay=False, path_type=Path), help="Keep the kernel's messages."
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def vm(
    lines: tuple[str, ...],
    list_them: bool,
    update: bool,
    timeout: float,
    cpus: int,
    memory: str,
    shares: tuple[Path, ...],
    settings: tuple[str, ...],
    console: Path | None,
    command: tuple[str, ...],
) -> int:
    """Run a command as root under another kernel, in a virtual machine.

    tinybpf vm --kernel 6.12 -- pytest tests/

    The guest has this machine's files, and what it writes is gone when it ends, but for --share. The
    kernel is the newest package of its line, downloaded once and never installed.

    With several kernels, two run at a time, and a table tells how each ended.

    Exit status: that of the command, or 1 where it failed under one of several kernels; 124 where the
    time was up, 125 where the guest did not start or died.
    """
    if list_them:
        return _list()
    if not lines:
        raise click.UsageError("--kernel names the kernel, such as --kernel 6.12; --list shows all")
    if not command:
        raise click.UsageError("give the command to run after --")
    given = Given(timeout, cpus, memory, shares, _variables(settings), console, command)
    signal.signal(signal.SIGTERM, _end)
    return _one(lines[0], update, given) if len(lines) == 1 else _several(lines, update, given)


class Given(NamedTuple):
    """What the flags say."""

    timeout: float
    cpus: int
    memory: str
    shares: tuple[Path, ...]
    env: dict[str, str]
    console: Path | None
    command: tuple[str, ...]


def _end(number: int, frame: FrameType | None) -> None:
    """As Ctrl-C does: the guest goes, and what belongs to it."""
    sys.exit(128 + number)


def _one(line: str, update: bool, given: Given) -> int:
    from tinybpf import vm
    from tinybpf.vm import several
    from tinybpf.vm.errors import VmError, VmTimeout

    try:
        kernel = _kernel(line, update)
        return vm.run(
            given.command, kernel=kernel, env=given.env, shares=given.shares, timeout=given.timeout,
            cpus=given.cpus, memory=given.memory, console=given.console,
        )  # fmt: skip
    except VmError as error:
        messages.show_failure(error)
        return several.TIMED_OUT if isinstance(error, VmTimeout) else several.FAILED


def _several(lines: tuple[str, ...], update: bool, given: Given) -> int:
    """Two at a time, each line with its kernel before it; a table at the end."""
    from tinybpf.vm import VmError, several

    if given.console:
        raise click.UsageError("--console is for one kernel")
    try:
        for line in dict.fromkeys(lines):
            _kernel(line, update)
    except VmError as error:
        messages.show_failure(error)
        return several.FAILED
    flags = ["--timeout", str(given.timeout), "--cpus", str(given.cpus), "--memory", given.memory]
    flags += [word for path in given.shares for word in ("--share", str(path))]
    flags += [word for item in given.env.items() for word in ("--env", "=".join(item))]
    own = [sys.executable, "-m", "tinybpf", "vm", *flags]
    commands = {line: [*own, "--kernel", line, "--", *given.command] for line in lines}
    environment = {**os.environ, **({"FORCE_COLOR": "1"} if messages.wants_color(sys.stdout) else {})}
    results = several.run_all(commands, _write_line, environment=environment)
    click.echo(several.table(results))
    return 0 if all(result.status == 0 for result in results) else 1


def _write_line(kernel: str, line: str) -> None:
    click.echo(f"{kernel:5}| {line}", color=True)


def _kernel(line: str, update: bool) -> Kernel:
    from tinybpf.vm import kernels

    found = kernels.kernel(line, update=update, say=lambda text: messages.say(f"tinybpf: {text}"))
    messages.say(f"tinybpf: kernel {found.release} ({found.package})")
    return found


def _variables(settings: tuple[str, ...]) -> dict[str, str]:
    wrong = [text for text in settings if not text.partition("=")[1] or text.startswith("=")]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=VALUE", param_hint="--env")
    return dict(text.split("=", 1) for text in settings)


def _list() -> int:
    from tinybpf.vm import VmError, kernels, versions

    there = {found.version: found for found in kernels.cached()}
    try:
        packages = {package.line: package for package in kernels.available()}
    except VmError as error:
        messages.show_failure(error)
        packages = {}
    for line in sorted({*there, *packages}, key=versions.numbers):
        kernel, package = there.get(line), packages.get(line)
        newest = f"{package.release:28} {package.suite}" if package else ""
        click.echo(f"{line:6} {newest:50} {f'cached: {kernel.release}' if kernel else ''}".rstrip())
    if not packages and not there:
        return 1
    sys.stdout.flush()
    return 0
