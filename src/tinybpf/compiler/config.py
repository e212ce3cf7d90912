"""``tinybpf.json``: what a project says once about how it is built.

The file is looked for in the package's directory and in each directory above it. All keys are
optional; what the caller or the command line says wins over the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tinybpf.compiler.diagnostics import Diagnostic
from tinybpf.errors import CompileError, NotFoundError

FILE_NAME = "tinybpf.json"
CPUS = ("v1", "v2", "v3", "v4")
PROFILES = ("conservative", "default", "aggressive", "verifier-safe")

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


class Config(msgspec.Struct, frozen=True):
    """What a ``tinybpf.json`` says, defaults filled in; ``path`` is None where there is no file.

    ``timeout`` is in seconds, None where the file does not give one. ``warnings`` tells of keys
    that are unknown or have no effect.
    """

    path: Path | None = None
    output: str | None = None
    cpu: str = "v3"
    byte_order: str = "little"
    machine: str | None = None
    opt_profile: str = "default"
    pass_pipeline: str | None = None
    btf: bool = True
    cache: bool = False
    timeout: float | None = None
    programs: Mapping[str, str] = {}
    custom_passes: tuple[str, ...] = ()
    toolchain: Mapping[str, str] = {}
    warnings: tuple[Diagnostic, ...] = ()


def parse_duration(text: str) -> float:
    """Seconds of a duration as Go writes it: ``30s``, ``1m30s``, ``1.5h``, ``500ms``.

    ``ValueError`` where it is none, or is not above zero.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.removeprefix("+"):
        raise ValueError(f"not a duration: {text!r} (write it like 30s, 1m30s or 500ms)")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds <= 0:
        raise ValueError(f"a timeout must be above zero, not {text}")
    return seconds


def find_config(start: Path) -> Path | None:
    """The ``tinybpf.json`` in ``start`` or in the nearest directory above it."""
    start = start.absolute()
    candidates = (directory / FILE_NAME for directory in (start, *start.parents))
    return next((path for path in candidates if path.is_file()), None)


def load_config(path: Path, display: str | None = None) -> Config:
    """Read a configuration file; ``display`` is its name in messages.

    ``CompileError`` with all that is wrong in it, ``NotFoundError`` where there is no such file.
    """
    import errno

    shown = display if display is not None else str(path)
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise NotFoundError(f"no such configuration file: {shown}", errno.ENOENT) from None
    except UnicodeDecodeError as error:
        raise _unreadable(shown, f"not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise _unreadable(shown, f"cannot be read: {error.strerror}") from None
    return _Reader(path, shown, text).read()


def _unreadable(shown: str, why: str) -> CompileError:
    return CompileError([Diagnostic(shown, 0, 0, why, kind="project")])


_Convert = Callable[[Any], Any]


class _Reader:
    """One reading of one file: values by key path, messages at their places."""

    def __init__(self, path: Path, display: str, text: str) -> None:
        self.path = path
        self.display = display
        self.text = text
        self.places: dict[tuple[str, ...], int] = {}
        self.errors: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []

    def read(self) -> Config:
        document = self._parse()
        values: dict[str, Any] = {}
        toolchain: dict[str, Any] = {}
        for name, section in self._object((), document).items():
            if name == "build":
                self._section("build", section, _BUILD, values)
            elif name == "toolchain":
                self._section("toolchain", section, _TOOLCHAIN, toolchain)
            else:
                self._unknown((name,), ("build", "toolchain"))
        if self.errors:
            raise CompileError(self.errors)
        values["toolchain"] = toolchain
        self._note_unused(values)
        return Config(path=self.path, warnings=tuple(self.warnings), **values)

    def _parse(self) -> Any:
        import json

        try:
            document = json.loads(self.text)
            _find_places(self.text, _skip(self.text, 0), (), self.places)
        except json.JSONDecodeError as error:
            raise CompileError([self._at(error.pos, f"not valid JSON: {error.msg}")]) from None
        except RecursionError:
            raise CompileError([self._at(0, "not valid JSON: nested too deeply")]) from None
        return document

    def _section(self, name: str, given: Any, known: Mapping[str, _Convert], into: dict[str, Any]) -> None:
        for key, value in self._object((name,), given).items():
            if key not in known:
                self._unknown((name, key), tuple(known))
                continue
            try:
                into[key] = known[key](value)
            except ValueError as problem:
                self.errors.append(self._at_key((name, key), f"{name}.{key}: {problem}"))

    def _object(self, path: tuple[str, ...], given: Any) -> dict[str, Any]:
        if isinstance(given, dict):
            return given
        name = ".".join(path) or "the file"
        self.errors.append(self._at_key(path, f"{name}: an object is wanted, not {_kind(given)}"))
        return {}

    def _unknown(self, path: tuple[str, ...], known: tuple[str, ...]) -> None:
        import difflib

        near = difflib.get_close_matches(path[-1].lower(), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        self.warnings.append(self._at_key(path, f"unknown key {'.'.join(path)}", "warning", hint))

    def _note_unused(self, values: Mapping[str, Any]) -> None:
        for key in values["toolchain"]:
            what = "the compiler needs no TinyGo" if key == "tinygo" else "LLVM is built in"
            text = f"toolchain.{key} has no effect: {what}"
            self.warnings.append(self._at_key(("toolchain", key), text, "warning"))
        unused = [
            ("btf", values.get("btf") is False, ": type information is always part of the object"),
            ("cache", values.get("cache") is True, " in this version"),
        ]
        for key, given, why in unused:
            if given:
                text = f"build.{key} has no effect{why}"
                self.warnings.append(self._at_key(("build", key), text, "warning"))

    def _at_key(
        self, path: tuple[str, ...], message: str, severity: Any = "error", hint: str | None = None
    ) -> Diagnostic:
        return self._at(self.places.get(path, 0), message, severity, hint)

    def _at(self, offset: int, message: str, severity: Any = "error", hint: str | None = None) -> Diagnostic:
        before = self.text[:offset]
        line = before.count("\n") + 1
        column = len(before.rpartition("\n")[2].encode()) + 1
        source = self.text.split("\n")[line - 1].rstrip("\r")
        return Diagnostic(self.display, line, column, message, severity, hint, source, "project")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a string is wanted, not {_kind(value)}")
    return value


def _filled(value: Any) -> str:
    if not _string(value):
        raise ValueError("must not be empty")
    return str(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {_kind(value)}")
    return value


def _duration(value: Any) -> float:
    if not isinstance(value, str):
        raise ValueError(f'a duration such as "30s" is wanted, not {_kind(value)}')
    return parse_duration(value)


def _one_of(*choices: str) -> _Convert:
    def convert(value: Any) -> str:
        if _string(value) not in choices:
            import difflib

            near = difflib.get_close_matches(value.lower(), choices, n=1, cutoff=0.5)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f'"{value}" is none of {", ".join(choices)}{meant}')
        return str(value)

    return convert


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of strings is wanted")
    return tuple(value)


def _pipeline(value: Any) -> str:
    from tinybpf.compiler.pipeline import parse

    parse(_string(value))
    return str(value)


def _passes(value: Any) -> tuple[str, ...]:
    from tinybpf.compiler.pipeline import parse

    for text in _strings(value):
        parse(text)
    return tuple(value)


def _programs(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"an object of function and section names is wanted, not {_kind(value)}")
    for function, section in value.items():
        if not isinstance(section, str) or not section:
            raise ValueError(f'the section of "{function}" must be a string that is not empty')
    return dict(value)


_BUILD: dict[str, _Convert] = {
    "output": _filled,
    "cpu": _one_of(*CPUS),
    "byte_order": _one_of("little", "big"),
    "machine": _filled,
    "opt_profile": _one_of(*PROFILES),
    "pass_pipeline": _pipeline,
    "btf": _boolean,
    "cache": _boolean,
    "timeout": _duration,
    "programs": _programs,
    "custom_passes": _passes,
}
_TOOLCHAIN: dict[str, _Convert] = dict.fromkeys(
    ("llvm_dir", "llvm_link", "opt", "llc", "llvm_ar", "llvm_objcopy", "pahole", "tinygo"), _string
)

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _find_places(text: str, at: int, path: tuple[str, ...], places: dict[tuple[str, ...], int]) -> int:
    """Note where the keys of valid JSON stand; return the end of the value that starts at ``at``."""
    from json.decoder import scanstring  # type: ignore[attr-defined]

    if text[at] == '"':
        return int(scanstring(text, at + 1)[1])
    if text[at] not in "{[":
        match = _SCALAR.match(text, at)
        return match.end() if match else at + 1
    keyed = text[at] == "{"
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        inner = path
        if keyed:
            key, end = scanstring(text, at + 1)
            inner = (*path, key)
            places[inner] = at
            at = _skip(text, _skip(text, end) + 1)
        at = _skip(text, _find_places(text, at, inner, places))
        if text[at] == ",":
            at = _skip(text, at + 1)
    return at + 1
