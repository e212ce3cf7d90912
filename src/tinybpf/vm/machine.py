"""One command in one virtual machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tinybpf.vm import accel, guest, initrd, kernels, qemu, service, streams, tools
from tinybpf.vm.errors import VmError, VmTimeout
from tinybpf.vm.kernels import Kernel

VARIABLE = "TINYBPF_VM"
"""In the guest's environment: the line of its kernel."""

BOOT = 120.0
"""Seconds from the start of QEMU to that of the command; five without KVM, where nothing else runs."""

KEPT = ("CI", "COLORTERM", "FORCE_COLOR", "LANG", "LC_ALL", "NO_COLOR",
        "PYTHONPATH", "PYTEST_ADDOPTS", "TERM", "TZ", "USER", "VIRTUAL_ENV")  # fmt: skip
_END_OF_CONSOLE = 4000


def running() -> str | None:
    """Inside of a guest: the line of its kernel, as it was asked for; None elsewhere."""
    return os.environ.get(VARIABLE)


def run(
    command: Sequence[str],
    *,
    kernel: str | Kernel,
    cwd: Path | None = None,
    env: Mapping[str, str] = {},
    shares: Sequence[Path] = (),
    timeout: float = 900,
    cpus: int = 2,
    memory: str = "2G",
    output: IO[Any] | None = None,
    console: Path | None = None,
) -> int:
    """Run a command as root under another kernel; its exit status.

    The guest sees this machine's files read-only and writes to memory; ``shares`` are folders where it
    writes to this machine's disk. The command's output is passed on as it comes, to this process's own
    or both to ``output``. ``env`` is added to the few variables that the guest gets. ``timeout`` is in
    seconds and includes the boot; ``memory`` is QEMU's notation. ``console`` is a file for what the
    kernel says.

    ``VmError`` where the guest can't start, dies or hangs, with the end of its console; ``VmTimeout``
    where the time is up.
    """
    tools.check_machine()
    programs = tools.find(tools.TO_RUN)
    chosen = kernels.kernel(kernel) if isinstance(kernel, str) else kernel
    folder = (cwd or Path.cwd()).absolute()
    task = guest.Task(command, folder, _environment(chosen, env), [path.absolute() for path in shares])
    _check(task)
    program = programs["qemu-system-x86_64"]
    hardware = qemu.Hardware(cpus, memory, accel.works(program, chosen))
    with _files(chosen, task, console) as (files, readers):
        arguments = qemu.command(program, chosen, hardware, files, task.shares)
        sinks = dict(zip(readers, streams.outputs(output), strict=True))
        with service.compiling(files.share, guest.HIDDEN, guest.CHANGED):
            return _Run(chosen, files, time.monotonic() + timeout, timeout).finish(arguments, sinks)


class _Run:
    """A running QEMU and what is known of its guest."""

    def __init__(self, kernel: Kernel, files: qemu.Files, deadline: float, timeout: float) -> None:
        self._kernel = kernel
        self._files = files
        self._deadline = deadline
        self._timeout = timeout
        self._boot = time.monotonic() + BOOT

    def finish(self, arguments: list[str], sinks: Mapping[int, streams.Sink]) -> int:
        with tempfile.TemporaryFile("w+", errors="replace") as complaints:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=complaints, stderr=complaints,
                pass_fds=(self._files.out, self._files.err), start_new_session=True,
            )  # fmt: skip
            try:
                for fd in (self._files.out, self._files.err):
                    os.close(fd)
                streams.pump(sinks, self._left)
                in_time = _ends(process, self._left() if self._left() > 0 else 0)
            finally:
                process.kill()
                process.wait()
            complaints.seek(0)
            return self._result(in_time, complaints.read())

    def _left(self) -> float:
        if self._deadline <= self._boot or self._started():
            return self._deadline - time.monotonic()
        return self._boot - time.monotonic()

    def _started(self) -> bool:
        return (self._files.share / "started").exists()

    def _result(self, in_time: bool, complaints: str) -> int:
        name = f"kernel {self._kernel.release}"
        with contextlib.suppress(OSError, ValueError):
            return int((self._files.share / "status").read_text())
        console = self._console()
        if not in_time and not self._started() and self._boot <= self._deadline:
            raise VmError(f"{name} had not booted after {BOOT:g} s", console)
        if not in_time:
            raise VmTimeout(f"{name}: the command had not ended after {self._timeout:g} s", console)
        if not console:
            raise VmError(f"QEMU could not start {name}: {complaints.strip() or 'it said nothing'}")
        raise VmError(f"{name} ended before the command did", console)

    def _console(self) -> str:
        try:
            return self._files.console.read_text(errors="replace")[-_END_OF_CONSOLE:]
        except OSError:
            return ""


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


@contextlib.contextmanager
def _files(
    kernel: Kernel, task: guest.Task, console: Path | None
) -> Iterator[tuple[qemu.Files, tuple[int, int]]]:
    """What belongs to one run, in a folder that goes with it."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tinybpf-vm-")))
        share = folder / "share"
        share.mkdir()
        (folder / "initrd").write_bytes(initrd.build(kernel))
        (share / "second").write_text(guest.second(task, tools.busybox(), kernel.modules, kernel.release))
        (share / "command").write_text(guest.command(task.command))
        (out, their_out), (err, their_err) = os.pipe(), os.pipe()
        for fd in (out, err):
            stack.callback(os.close, fd)
        where = console.absolute() if console else folder / "console"
        yield qemu.Files(folder / "initrd", share, where, their_out, their_err), (out, err)


def _environment(kernel: Kernel, env: Mapping[str, str]) -> dict[str, str]:
    found = {name: os.environ[name] for name in KEPT if name in os.environ}
    found |= {name: value for name, value in os.environ.items() if name.startswith("TINYBPF_")}
    path = os.environ.get("PATH", os.defpath)
    if sys.prefix != sys.base_prefix:  # what is installed beside tinybpf is found, too
        path = os.pathsep.join([os.path.dirname(sys.executable), path])
    found |= {"PATH": path, "HOME": os.path.expanduser("~"), "PYTHONUNBUFFERED": "1"}
    found |= {"TMPDIR": guest.TEMPORARY, "TINYBPF_COMPILER": f"{guest.RUN}/{service.FOLDER}"}
    if sys.stdout is not None and sys.stdout.isatty():
        size = shutil.get_terminal_size()
        found |= {"COLUMNS": str(size.columns), "LINES": str(size.lines)}
        if "NO_COLOR" not in found:
            found.setdefault("FORCE_COLOR", "1")
    return {**found, VARIABLE: kernel.version, **env}


def _check(task: guest.Task) -> None:
    """Mistakes that would show after the boot only."""
    if not task.command:
        raise ValueError("no command to run")
    for path in (task.cwd, *task.shares):
        if not path.is_dir():
            raise VmError(f"{path} is no folder")
        if any(path == Path(top) or Path(top) in path.parents for top in guest.HIDDEN):
            raise VmError(
                f"the guest has a {path.parts[1]} of its own: {path} is not there; use another folder"
            )
    if "/" not in task.command[0] and not shutil.which(task.command[0], path=task.environment["PATH"]):
        raise VmError(f"no command {task.command[0]} on this machine, whose files the guest sees")
