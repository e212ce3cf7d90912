"""Go to a loaded object in a test: compiled once in a session, loaded for each test, closed after it."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybpf.errors import MissingError, NotFoundError

if TYPE_CHECKING:
    from types import FrameType

    from tinybpf.compiler import CompiledObject
    from tinybpf.libbpf import BpfObject, BpfProgram

_NO_PACKAGES = ("vendor", "testdata", "node_modules")


class Compile:
    """The fixture ``bpf_compile``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made: dict[str, CompiledObject] = {}

    def __call__(self, source: str | os.PathLike[str], **options: Any) -> CompiledObject:
        """Compile a package directory, a ``.go`` file or Go source as text.

        The options are those of ``tinybpf.compile_go``. The same sources and options give the same
        object, without another compile; what the compiler warns of becomes a warning of pytest.
        ``CompileError`` where the source is refused, ``NotFoundError`` where there is none.
        """
        return self.compile(self.find(source, sys._getframe(1)), options)

    def compile(self, source: str | Path, options: Mapping[str, Any]) -> CompiledObject:
        """Compile what `find` found."""
        from tinybpf.compiler import compile_go

        key = _key(source, options)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = compile_go(source, **options)
            for warning in made.warnings:
                warnings.warn(warning.render(), UserWarning, stacklevel=4)
        return made

    def find(self, source: str | os.PathLike[str], asking: FrameType) -> str | Path:
        """The path of a source, or its text; ``asking`` is the frame of who asks for it."""
        if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("package ")):
            return source
        if not isinstance(source, (str, os.PathLike)):
            kinds = "a package directory, a .go file, an object file, or Go source as text"
            raise TypeError(f"give {kinds}, not {type(source).__name__}")
        path = Path(source)
        if not os.fspath(source):
            raise ValueError(
                "an empty path; give a package directory, a .go file, an object file or Go source"
            )
        beside = Path(asking.f_code.co_filename).absolute().parent
        places = [Path(os.path.normpath(place / path)) for place in dict.fromkeys((beside, self._root))]
        for place in places:
            if place.exists():
                return place
        tried = " or ".join(str(place) for place in dict.fromkeys(places))
        raise NotFoundError(f"no such file or directory: {tried}{_nearest(places)}", 2)


class Load:
    """The fixture ``bpf_object``."""

    def __init__(self, compiler: Compile) -> None:
        self._compiler = compiler
        self._objects: list[BpfObject] = []

    def __call__(
        self, source: Any, *, variables: Mapping[str, Any] | None = None, **options: Any
    ) -> BpfObject:
        """Load Go source, an object file, its bytes or a ``CompiledObject``.

        ``variables`` are set before the load, as by ``tinybpf.load``; the other options are for Go
        source, those of ``tinybpf.compile_go``. Raises what these raise. Needs root.
        """
        from tinybpf.libbpf import load

        obj = load(self._loadable(source, options, sys._getframe(1)), variables=variables)
        self._objects.append(obj)
        return obj

    def _loadable(self, source: Any, options: Mapping[str, Any], asking: FrameType) -> Any:
        if not isinstance(source, (str, os.PathLike)) and (
            isinstance(source, (bytes, bytearray, memoryview)) or hasattr(source, "__bytes__")
        ):
            return _compiled(source, options)
        found = self._compiler.find(source, asking)
        if isinstance(found, Path) and found.is_file() and _is_object(found):
            return _compiled(found, options)
        return self._compiler.compile(found, options)

    def program(self, name: str) -> BpfProgram:
        """The program of that name in what the test has loaded, the last first."""
        there: list[str] = []
        for obj in reversed([obj for obj in self._objects if not obj.closed]):
            if name in obj.programs:
                return obj.program(name)
            there += obj.programs
        if not there:
            raise MissingError(f"no program '{name}': this test has loaded nothing yet; bpf_object(…) does")
        raise MissingError(f"no program '{name}' in what this test has loaded; there is: {', '.join(there)}")

    def __repr__(self) -> str:
        return f"<bpf_object: {', '.join(obj.name for obj in self._objects) or 'nothing loaded'}>"

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *reason: object) -> None:
        while self._objects:
            self._objects.pop().close()


def _compiled(source: Any, options: Mapping[str, Any]) -> Any:
    if options:
        raise TypeError(f"{', '.join(options)}: an option for Go source, and this is compiled already")
    return source


def _is_object(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF" or path.suffix == ".o"


def _nearest(places: list[Path]) -> str:
    import difflib

    for place in places:
        try:
            names = os.listdir(place.parent)
        except OSError:
            continue
        near = difflib.get_close_matches(place.name, names, n=1)
        if near:
            return f" (did you mean {place.parent / near[0]}?)"
    return ""


# ---- when two compiles are the same ----


def _key(source: str | Path, options: Mapping[str, Any]) -> str:
    """A digest of all that a compile reads."""
    digest = hashlib.sha256(repr((type(source) is str, str(source), sorted(options.items()))).encode())
    for path in _sources(source, options):
        digest.update(f"\0{path}\0".encode("utf-8", "surrogateescape"))
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(source: str | Path, options: Mapping[str, Any]) -> Iterator[Path]:
    """The files that a compile of it may read: of the package, of its module, and ``tinybpf.json``."""
    if isinstance(options.get("config"), (str, os.PathLike)) and Path(options["config"]).is_file():
        yield Path(options["config"])
    directory = Path.cwd()
    own: list[Path] = []
    if isinstance(source, Path):
        directory = source if source.is_dir() else source.parent
        own = sorted(source.glob("*.go")) if source.is_dir() else [source]
        yield from own
        yield from (path for above in _upward(directory) if (path := above / "tinybpf.json").is_file())
    texts = [path.read_text(errors="replace") for path in own] if own else [str(source)]
    module = next((path for above in _upward(directory) if (path := above / "go.mod").is_file()), None)
    if module is None:
        return
    yield module
    named = re.search(r'^\s*module\s+"?([^\s"]+)', module.read_text(errors="replace"), re.M)
    if named is None or not any(f"{named[1]}/" in text for text in texts):
        return
    for folder, below, files in os.walk(module.parent):
        below[:] = sorted(name for name in below if name[0] not in "._" and name not in _NO_PACKAGES)
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".go"))


def _upward(directory: Path) -> Iterator[Path]:
    yield directory
    yield from directory.parents
