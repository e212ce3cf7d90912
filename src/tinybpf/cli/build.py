"""``tinybpf build``: a Go package to an object file."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinybpf.cli import contents, messages
from tinybpf.compiler.output import write_atomically

if TYPE_CHECKING:
    from tinybpf.compiler import CompiledObject


def _sections(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    from tinybpf.compiler.project import parse_section_flags

    try:
        return parse_section_flags(given)
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None


def _profile(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    from tinybpf.compiler.pipeline import PipelineError, of_profile

    try:
        if given is not None:
            of_profile(given)
    except PipelineError as problem:
        raise click.BadParameter(str(problem)) from None
    return given


def _pipeline(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    from tinybpf.compiler.pipeline import PipelineError, parse

    try:
        if given is not None:
            parse(given)
    except PipelineError as problem:
        raise click.BadParameter(str(problem)) from None
    return given


def _timeout(_context: click.Context, _parameter: click.Parameter, given: str | None) -> float | None:
    from tinybpf.compiler.config import parse_duration

    try:
        return parse_duration(given) if given is not None else None
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None


@click.command()
@click.argument("package", type=click.Path())
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Object to write.  [default: bpf.o]")
@click.option(
    "--section",
    "sections",
    metavar="NAME=SECTION",
    multiple=True,
    callback=_sections,
    help="The section of a program; repeatable.",
)
@click.option("--program", "programs", metavar="NAME", multiple=True, help="A program to keep; repeatable.")
@click.option("--cpu", type=click.Choice(["v1", "v2", "v3", "v4"]), help="Instruction set.  [default: v3]")
@click.option(
    "--byte-order",
    type=click.Choice(["little", "big"]),
    help="That of the machine it is for: bpfel or bpfeb.  [default: little]",
)
@click.option(
    "--machine",
    metavar="NAME",
    help="The one it is for: x86_64 or aarch64, for parameters in registers.  [default: this one]",
)
@click.option(
    "--opt-profile",
    metavar="PROFILE",
    callback=_profile,
    help="conservative, default, aggressive or verifier-safe.",
)
@click.option(
    "--pass-pipeline",
    metavar="PASSES",
    callback=_pipeline,
    help="LLVM's passes in place of a profile, such as 'default<O1>,function(sroa,instcombine)'.",
)
@click.option(
    "--timeout", metavar="DURATION", callback=_timeout, help="Time for all of it, such as 30s or 1m30s."
)
@click.option("--config", type=click.Path(path_type=Path), help="A tinybpf.json in place of the one found.")
@click.option("--dump-ir", is_flag=True, help="Write LLVM IR of each stage into a folder beside the output.")
@click.option("--json", "as_json", is_flag=True, help="Write messages, and what was built, as JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Print stages with their times, and what was built.")
def build(
    package: str,
    output: Path | None,
    sections: dict[str, str],
    programs: tuple[str, ...],
    cpu: str | None,
    byte_order: str | None,
    machine: str | None,
    opt_profile: str | None,
    pass_pipeline: str | None,
    timeout: float | None,
    config: Path | None,
    dump_ir: bool,
    as_json: bool,
    verbose: bool,
) -> int:
    """Compile the Go package in directory PACKAGE (or a single .go file) to a BPF object.

    Flags win over tinybpf.json, which is looked for in the package's directory and above. The
    output is replaced as a whole: where the build fails, the file that was there stays.
    """
    if not package:
        raise click.BadParameter("must not be empty", param_hint="PACKAGE")
    wanted = Wanted(sections, programs, cpu, byte_order, machine, opt_profile, pass_pipeline, timeout)
    flags = Flags(Path(package), output, wanted, config, dump_ir, verbose)
    if as_json:
        return _build_as_json(flags)
    compiled, _ = _build(flags)
    messages.show_diagnostics(compiled.warnings)
    return 0


@dataclass(frozen=True)
class Wanted:
    """What ``compile_go`` is told, by the names of its parameters."""

    sections: dict[str, str]
    programs: tuple[str, ...]
    cpu: str | None
    byte_order: str | None
    machine: str | None
    opt_profile: str | None
    pass_pipeline: str | None
    timeout: float | None


@dataclass(frozen=True)
class Flags:
    """What the command line asks for."""

    package: Path
    output: Path | None
    wanted: Wanted
    config: Path | None
    dump_ir: bool
    verbose: bool


def _build(flags: Flags) -> tuple[CompiledObject, Path]:
    """The object, and the file that it was written to."""
    from tinybpf.compiler import compile_go
    from tinybpf.compiler.project import resolve

    started = time.perf_counter()
    settings = resolve(flags.package, config=flags.config).config
    target = flags.output or Path(settings.output or "bpf.o")
    compiled = compile_go(
        flags.package,
        config=settings,
        dump_ir=target.with_suffix(".ir") if flags.dump_ir else None,
        **vars(flags.wanted),
    )
    _write(target, compiled.elf)
    if flags.verbose:
        _report(compiled, target, time.perf_counter() - started)
    return compiled, target


def _build_as_json(flags: Flags) -> int:
    """One document on standard output, whatever becomes of the build; the exit status."""
    try:
        compiled, target = _build(flags)
    except Exception as error:
        if os.environ.get("TINYBPF_DEBUG"):
            raise
        messages.write_json({"ok": False, "diagnostics": messages.as_data(error), "object": None})
        return 1
    diagnostics = [d.data() for d in compiled.warnings]
    messages.write_json({"ok": True, "diagnostics": diagnostics, "object": _facts(compiled, target)})
    return 0


def _facts(compiled: CompiledObject, target: Path) -> dict[str, Any]:
    """What was built, for ``--json``; sizes in bytes, times in seconds."""
    from tinybpf.compiler.facts import describe

    return {"path": str(target), **describe(compiled)}


def _write(target: Path, data: bytes) -> None:
    try:
        write_atomically(target, data)
    except OSError as error:
        raise click.ClickException(f"cannot write {target}: {error.strerror or error}") from None


def _report(compiled: CompiledObject, target: Path, seconds: float) -> None:
    """What took how long, and what is in the object; on standard error."""
    rows = [*compiled.stages.items(), ("all", seconds)]
    width = max(len(name) for name, _ in rows)
    for name, took in rows:
        messages.say(f"{name:{width}}  {took * 1e3:7.1f} ms")
    messages.say("")
    for line in contents.table(compiled):
        messages.say(line)
    messages.say(f"\n{target}: {len(compiled.elf)} bytes, {compiled.byte_order}-endian")
