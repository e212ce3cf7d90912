"""``tinybpf build``: a Go package to an object file."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinybpf.cli import messages
from tinybpf.cli.output import write_atomically

if TYPE_CHECKING:
    from tinybpf.compiler import CompiledObject


def _sections(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    from tinybpf.compiler.project import parse_section_flags

    try:
        return parse_section_flags(given)
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
    flags = Flags(Path(package), output, sections, programs, cpu, config, dump_ir, verbose)
    if as_json:
        return _build_as_json(flags)
    compiled, _ = _build(flags)
    messages.show_diagnostics(compiled.warnings)
    return 0


@dataclass(frozen=True)
class Flags:
    """What the command line asks for."""

    package: Path
    output: Path | None
    sections: dict[str, str]
    programs: tuple[str, ...]
    cpu: str | None
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
        sections=flags.sections,
        programs=flags.programs,
        cpu=flags.cpu,
        config=settings,
        dump_ir=target.with_suffix(".ir") if flags.dump_ir else None,
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
    from msgspec import to_builtins

    return {
        "path": str(target),
        "size": len(compiled.elf),
        "license": compiled.license,
        "programs": [to_builtins(p) for p in compiled.programs],
        "maps": [to_builtins(m) for m in compiled.maps],
        "stages": dict(compiled.stages),
    }


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
    for program in compiled.programs:
        messages.say(f"program {program.name}: {program.section}, {program.instructions} instructions")
    for found in compiled.maps:
        messages.say(f"map {found.name}: {found.type}")
    messages.say(f"{target}: {len(compiled.elf)} bytes")
