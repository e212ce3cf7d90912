"""``tinybpf run``: compile, load, attach, and show what comes out."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinybpf.cli import messages
from tinybpf.cli.target import is_object
from tinybpf.errors import BpfError

if TYPE_CHECKING:
    from tinybpf.compiler import CompiledObject
    from tinybpf.libbpf import BpfObject
    from tinybpf.libbpf.open import OpenObject
    from tinybpf.show.output import Output
    from tinybpf.show.printk import Printed
    from tinybpf.show.report import Report
    from tinybpf.show.sources import Reader
    from tinybpf.show.stop import Stop

STDOUT = 1


class WrongFlag(click.ClickException):
    """A flag that the program needs, or has no use for."""

    exit_code = 2


@dataclass(frozen=True)
class Options:
    """The flags, checked."""

    sections: tuple[str, ...]
    programs: tuple[str, ...]
    interface: str | int | None
    cgroup: str | None
    pid: int | None
    settings: tuple[str, ...]
    count: int | None
    seconds: float | None
    as_json: bool
    shift: int = 0
    """How many lines stand before the text of -e."""


def _duration(_context: click.Context, _parameter: click.Parameter, given: str | None) -> float | None:
    if given is None:
        return None
    from tinybpf.show.durations import seconds

    try:
        return seconds(given)
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None


@click.command()
@click.argument("target", required=False, type=click.Path())
@click.option("-e", "text", metavar="TEXT", help="The program itself, in place of a file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for jq.")
@click.option("-n", "--count", metavar="N", type=click.IntRange(min=0), help="End after so many events.")
@click.option("-d", "--duration", callback=_duration, metavar="TIME", help="End after 10s, 500ms, 1m30s.")
@click.option("-i", "--interface", metavar="NAME", help="Network interface of XDP and tc programs.")
@click.option("--cgroup", metavar="PATH", help="Cgroup of cgroup programs.  [default: the root of cgroup2]")
@click.option("-p", "--pid", metavar="PID", type=click.IntRange(min=1), help="Trace this process only.")
@click.option(
    "--set", "settings", metavar="KNOB=VALUE", multiple=True, help="Set a package variable; repeatable."
)
@click.option("--program", "programs", metavar="NAME", multiple=True, help="Attach this only; repeatable.")
@click.option(
    "--section", "sections", metavar="NAME=SECTION", multiple=True,
    help="The section of a program; repeatable.",
)  # fmt: skip
def run(
    target: str | None,
    text: str | None,
    interface: str | None,
    duration: float | None,
    **flags: Any,
) -> int:
    """Compile, load and attach a program, and show what comes out until Ctrl-C.

    TARGET is the directory of a Go package, a .go file, or an object (.o) that is compiled already.

    \b
    tinybpf run ./bpf
    tinybpf run --interface eth0 --count 10 filter.go
    tinybpf run --json exec.o | jq .
    """
    if (target is None) == (text is None):
        raise click.UsageError("give one program: a directory, a .go file, an object, or -e TEXT")
    if sys.stdout is None:
        raise click.ClickException("standard output is closed, and what comes out would go there")
    options = Options(
        interface=int(interface) if interface is not None and interface.isdecimal() else interface,
        seconds=duration,
        **flags,
    )
    from tinybpf.show.stop import Stop, Stopped

    try:
        with Stop() as stop:
            if text is not None:
                return _run_text(text, options, stop)
            assert target is not None
            return _run(_source(target, options), options, stop)
    except Stopped as stopped:
        return 128 + stopped.number
    except BpfError as error:
        if not options.as_json or os.environ.get("TINYBPF_DEBUG"):
            raise
        messages.write_json({"kind": "failed", "diagnostics": messages.as_data(error)}, indent=None)
        return 1


def _source(target: str, options: Options) -> Any:
    """What to load: the compiled object, or the path of one."""
    if target == "":
        raise click.BadParameter("must not be empty", param_hint="TARGET")
    if is_object(target):
        if options.sections:
            raise click.UsageError("--section is for Go source: an object has its sections")
        return target
    return _compile(Path(target), options)


def _run_text(text: str, options: Options, stop: Stop) -> int:
    """The program is on the command line."""
    from tinybpf.show.oneliner import SOURCE_NAME, complete, positions

    try:
        source, shift = complete(text)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="-e") from None
    with positions(SOURCE_NAME, shift):
        return _run(_compile(source, options), replace(options, shift=shift), stop)


def _compile(target: str | Path, options: Options) -> CompiledObject:
    from tinybpf.compiler import compile_go, llvm

    llvm.start()  # what takes longest begins first
    name = "program" if isinstance(target, str) else None
    compiled = compile_go(target, name=name, sections=_sections(options.sections))
    messages.show_diagnostics(compiled.warnings)
    return compiled


def _sections(given: tuple[str, ...]) -> dict[str, str]:
    from tinybpf.compiler.project import parse_section_flags

    try:
        return parse_section_flags(given)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--section") from None


def _run(source: Any, options: Options, stop: Stop) -> int:
    from tinybpf.libbpf.open import open as open_object
    from tinybpf.show.output import Output

    output = Output(STDOUT)
    opened = open_object(source)
    try:
        notes = _configure(opened, options)
    except BaseException:
        opened.close()
        raise
    obj = opened.load()
    try:
        with obj:
            return _watch(obj, source, options, notes, output, stop)
    except BrokenPipeError:
        return 0


def _configure(opened: OpenObject, options: Options) -> list[str]:
    """Set the knobs; what to tell about it."""
    notes: list[str] = []
    if not options.settings and options.pid is None:
        return notes
    from tinybpf.show import knobs

    if options.settings:
        try:
            knobs.set_all(opened, options.settings)
        except knobs.WrongKnob as error:
            raise WrongFlag(str(error)) from None
    if options.pid is None:
        return notes
    knob = knobs.pid_knob(opened.globals)
    if knob is not None and not any(text.startswith(f"{knob}=") for text in options.settings):
        opened.set({knob: options.pid})
        notes.append(f"--pid sets the program's variable {knob} to {options.pid}")
    return notes


def _watch(
    obj: BpfObject, source: Any, options: Options, notes: list[str], output: Output, stop: Stop
) -> int:
    from tinybpf.show.sources import Reader, buffers_of
    from tinybpf.show.stop import GRACE
    from tinybpf.show.targets import FlagError, Targets, attach_all
    from tinybpf.show.watch import Limits, Watch

    buffers = buffers_of(obj)
    printed = _printed(obj, source, options, notes, required=not buffers)
    _check_flags(obj, options, notes, bool(buffers), printed is not None)
    with contextlib.ExitStack() as stack:
        if printed is not None:
            stack.enter_context(printed)
        reader = stack.enter_context(Reader(buffers))
        report = _report(output, reader, printed is not None, options.as_json)
        targets = Targets(options.interface, options.cgroup, options.pid, options.programs)
        try:
            attached = attach_all(obj, targets)
        except FlagError as error:
            raise WrongFlag(str(error)) from None
        stop.watching = True  # who reads what is told next may ask for the end at once
        report.attached(attached.programs, [*notes, *attached.notes])
        watch = Watch(obj, reader, printed, report, Limits(options.count, options.seconds), options.shift)
        for program, walk in attached.iterators:
            report.walked(program, walk)
        if len(attached.iterators) < len(attached.programs):
            watch.run(stop, output)
        stop.noticed()
        if stop.asked is not None:
            output.patience = GRACE
        if stop.asked == signal.SIGINT and output.is_terminal:
            output.write("\n")  # the terminal shows ^C
        for link in obj.links:
            link.destroy()
        watch.finish()
    return 0


def _printed(
    obj: BpfObject, source: Any, options: Options, notes: list[str], required: bool
) -> Printed | None:
    """The lines of Printk, where a program prints any."""
    from tinybpf.show.printk import prints

    if not prints(_elf(source), (program.section for program in obj.programs.values())):
        return None
    from tinybpf.show.printk import Printed

    try:
        return Printed(options.pid)
    except BpfError as error:
        if required:
            raise
        notes.append(str(error))
        return None


def _elf(source: Any) -> bytes:
    if isinstance(source, str):
        with open(source, "rb") as file:
            return file.read()
    return bytes(source)


def _check_flags(obj: BpfObject, options: Options, notes: list[str], buffers: bool, prints: bool) -> None:
    """Flags that would do nothing are mistakes."""
    if options.count is not None and not (buffers or prints):
        raise WrongFlag(
            "--count counts events, and this program has no ring or perf buffer and prints nothing: "
            "--duration ends it after a time"
        )
    if options.pid is None:
        return
    from tinybpf.show.targets import is_for_process
    from tinybpf.system import in_initial_pid_namespace

    by_kernel = any(is_for_process(program) for program in obj.programs.values())
    if not (notes or prints or by_kernel):
        raise WrongFlag(
            "--pid has nothing to act on: it limits uprobes, perf events and Printk, and sets a variable "
            "called pid, tgid, targetPid or target_pid; this program has none of these"
        )
    if in_initial_pid_namespace() is False and not by_kernel:
        notes.append(
            f"this is a pid namespace (a container): programs see other process ids, not {options.pid}"
        )


def _report(output: Output, reader: Reader, prints: bool, as_json: bool) -> Report:
    from tinybpf.show.report import JsonReport, TextReport

    return JsonReport(output) if as_json else TextReport(output, reader.buffers, prints)
