"""What to compile: a package directory, a single file or a source text, with its configuration."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tinybpf.compiler import packages
from tinybpf.compiler.config import Config, find_config, load_config
from tinybpf.compiler.diagnostics import Diagnostic
from tinybpf.errors import CompileError, NotFoundError

if TYPE_CHECKING:
    from tinybpf.compiler import ssa

TAGS = ("linux", "bpf", "tinygo")
"""Build tags that are true besides those of the language version."""

SOURCE_NAME = "<source>"
"""What a source text is called in messages."""


class Project(msgspec.Struct, frozen=True):
    """What the front end gets.

    ``directory`` is absolute; ``display`` stands for it in messages (``bpf`` gives
    ``bpf/connect.go:41:12``, the empty string the bare file name). ``files`` limits the package
    to some of its files; ``sources`` are texts that are no files. ``name`` is the object's name
    where the caller gives none.
    """

    directory: Path
    display: str
    name: str
    files: tuple[str, ...] | None = None
    sources: Mapping[str, str] = {}
    config: Config = msgspec.field(default_factory=Config)

    def request(self) -> ssa.Request:
        """The front end's request."""
        from tinybpf.compiler import ssa

        return ssa.Request(
            dir=str(self.directory),
            display=self.display,
            files=None if self.files is None else list(self.files),
            sources=dict(self.sources),
            tags=list(TAGS),
            packages=packages.provided(),
        )


def is_source_text(target: str) -> bool:
    """True for Go source, False for a path: source has a line break or begins with ``package``."""
    return "\n" in target or target.lstrip().startswith("package ")


def resolve(
    target: str | os.PathLike[str],
    *,
    name: str | None = None,
    config: str | os.PathLike[str] | Config | None = None,
) -> Project:
    """Find out what ``target`` is.

    ``config`` names a configuration file, or is one already read; without it the nearest
    ``tinybpf.json`` above the package counts (none for a source text). ``NotFoundError`` where
    nothing is there, ``CompileError`` where it is no Go or the configuration is wrong.
    """
    if isinstance(target, str) and is_source_text(target):
        here = Path.cwd()
        _check_name(here)
        settings = _config(config, None)
        return Project(here, "", name or "source", sources={SOURCE_NAME: target}, config=settings)
    if not os.fspath(target):
        raise ValueError("an empty path; give a package directory, a .go file or Go source")
    path = Path(target)
    if path.is_dir():
        directory, files = path.absolute(), None
    else:
        _check_file(path)
        directory, files = path.absolute().parent, (path.name,)
    directory = Path(os.path.normpath(directory))
    _check_name(directory if files is None else directory / path.name)
    return Project(
        directory=directory,
        display=_display(directory),
        name=name or (directory.name if files is None else path.stem) or "bpf",
        files=files,
        config=_config(config, directory),
    )


def _check_name(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        hint = "rename it, or work in another directory"
        problem = Diagnostic(ascii(str(path)), 0, 0, "this path is not UTF-8", hint=hint, kind="project")
        raise CompileError([problem]) from None


def _check_file(path: Path) -> None:
    if not path.exists():
        raise NotFoundError(f"no such file or directory: {path}{_nearest(path)}", errno.ENOENT)
    if path.suffix == ".go":
        return
    hint = "give a package directory or a .go file"
    if path.suffix == ".o":
        hint = "this looks like an object that is compiled already; tinybpf.load loads it"
    raise CompileError([Diagnostic(str(path), 0, 0, "not a Go file", hint=hint, kind="project")])


def _nearest(path: Path) -> str:
    import difflib

    try:
        entries = list(os.scandir(path.parent))
    except OSError:
        return ""
    names = [entry.name for entry in entries if entry.name.endswith(".go") or os.path.isdir(entry.path)]
    near = difflib.get_close_matches(path.name, names, n=1)
    return f" (did you mean {path.parent / near[0]}?)" if near else ""


def _display(directory: Path) -> str:
    """The directory as Go's tools show it: relative to here, absolute where that is shorter."""
    relative = os.path.relpath(directory)
    if relative == ".":
        return ""
    return relative if len(relative) <= len(str(directory)) else str(directory)


def _config(given: str | os.PathLike[str] | Config | None, directory: Path | None) -> Config:
    if isinstance(given, Config):
        return given
    if given is not None:
        return load_config(Path(given), os.fspath(given))
    found = find_config(directory) if directory is not None else None
    if found is None:
        return Config()
    shown = _display(found.parent)
    return load_config(found, os.path.join(shown, found.name))


def parse_section_flag(text: str) -> tuple[str, str]:
    """``name=section`` as two; ``ValueError`` says what is wrong with it."""
    function, equals, section = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not of the form function=section, such as handle=kprobe/do_exit")
    if not function.isidentifier():
        raise ValueError(f"{function!r} in {text!r} is not a function's name")
    if not section:
        raise ValueError(f"no section behind the = in {text!r}")
    return function, section


def parse_section_flags(flags: Iterable[str]) -> dict[str, str]:
    """``name=section`` flags by function; naming two sections for one function is an error."""
    found: dict[str, str] = {}
    for flag in flags:
        function, section = parse_section_flag(flag)
        if found.setdefault(function, section) != section:
            raise ValueError(f"two sections for {function}: {found[function]} and {section}")
    return found
