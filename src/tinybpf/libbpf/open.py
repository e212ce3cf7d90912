"""From bytes to a loaded object, in three steps: open, configure, load.

`open_object` validates the bytes and has libbpf parse them; what it returns can be configured;
its `load` creates the maps and has the kernel verify the programs. `load` does all of it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError, ObjectError, UnsupportedError, VerifierError
from tinybpf.libbpf import _verify
from tinybpf.libbpf._check import error_from, not_found
from tinybpf.libbpf._handle import ObjectHandle
from tinybpf.libbpf._lib import ffi, lib, log_text, mark_used, text
from tinybpf.libbpf.object import BpfObject

if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.globals import Globals

_STRUCT_OPS = 26

Source = Any  # a path, bytes, or an object with __bytes__


def load(source: Source, *, variables: Mapping[str, Any] | None = None) -> BpfObject:
    """Load a BPF object and have the kernel verify its programs.

    ``variables`` sets package variables of the program by name before that: the verifier knows
    those that the program never writes as constants. `MissingError` where there is none of that
    name, ``TypeError`` or ``ValueError`` where the value does not fit it.

    ``source`` is a path, the bytes of an ELF file, or something that has such bytes (and perhaps a
    ``name``), like what the compiler returns. `NotFoundError` where there is no such file,
    `ObjectError` where it is no BPF object, `VerifierError` where the kernel refuses a program,
    `BpfError` for all else.
    """
    opened = open_object(source)
    try:
        opened.set(variables or {})
    except BaseException:
        opened.close()
        raise
    return opened.load()


def open_object(source: Source) -> OpenObject:
    """Read and parse an object without loading it."""
    content, name, path = _read(source)
    reason = ffi.new("char[256]")
    if lib.tb_validate(content, len(content), reason, 256):
        raise ObjectError(f"load '{path or name}' failed: {text(reason)}")
    mark_used()
    opts = ffi.new("struct bpf_object_open_opts *")
    opts.sz = ffi.sizeof("struct bpf_object_open_opts")
    object_name = ffi.new("char[]", name.encode("utf-8", "replace").replace(b"\0", b""))
    opts.object_name = object_name
    lib.tb_log_clear()
    pointer = lib.bpf_object__open_mem(content, len(content), opts)
    if pointer == ffi.NULL:
        log = log_text()
        what = f"load '{path or name}'"
        raise error_from(what, ffi.errno, log, _OPEN_HINTS, detail=_first_complaint(log))
    directory = str(getattr(source, "directory", ""))
    return OpenObject(ObjectHandle(pointer, name, content, directory), path)


class OpenObject:
    """A parsed object before its load; configuration happens here."""

    def __init__(self, handle: ObjectHandle, path: str | None) -> None:
        self._handle = handle
        self._path = path
        self._globals: Globals | None = None

    @property
    def btf(self) -> Btf | None:
        """The object's type information; None where it has none."""
        return self._handle.btf

    @property
    def globals(self) -> Globals:
        """The variables with their initial values, which can be set."""
        if self._globals is None:
            from tinybpf.libbpf.globals import Globals

            self._globals = Globals(self._handle, loaded=False)
        return self._globals

    def set(self, variables: Mapping[str, Any]) -> None:
        """Set the initial values of variables."""
        if not isinstance(variables, Mapping):
            raise TypeError(f"variables must be a mapping of names to values, not {type(variables).__name__}")
        for name, value in variables.items():
            self.globals[name] = value

    def load(self) -> BpfObject:
        """Create the maps, verify the programs. The open object is used up, whatever happens."""
        handle = self._handle
        try:
            _check_arguments(handle)
            _check_struct_ops(handle)
            with _verify.LogRoom(handle) as room:
                lib.tb_log_clear()
                result = lib.bpf_object__load(handle.pointer)
                if result < 0:
                    raise _load_error(handle, self._path or handle.name, -result, room)
            if self._globals is not None:
                self._globals.close()
            handle.loaded()
            return BpfObject(handle, self._path)
        except BaseException:
            handle.close()
            raise

    def close(self) -> None:
        self._handle.close()


def _check_struct_ops(handle: ObjectHandle) -> None:
    """libbpf takes each map of the type struct_ops for one that it has made of a section of that name."""
    found = lib.bpf_object__next_map(handle.pointer, ffi.NULL)
    while found != ffi.NULL:
        if lib.bpf_map__type(found) == _STRUCT_OPS:
            name, btf = text(lib.bpf_map__name(found)), handle.btf
            sections = (".struct_ops", ".struct_ops.link")
            if btf is None or not any(v.name == name for s in sections for v in btf.section_vars(s)):
                raise ObjectError(
                    f"map '{name}' has the type struct_ops, which a map has by standing in the section "
                    ".struct_ops or .struct_ops.link only"
                )
        found = lib.bpf_object__next_map(handle.pointer, found)


def _check_arguments(handle: ObjectHandle) -> None:
    if b"argument:" in handle.source:  # what most objects do without is imported where it is needed
        from tinybpf.libbpf import _arguments

        _arguments.check_object(handle)


_OPEN_HINTS = {
    errno.ENOTSUP: "this libbpf does not know something in the object; its words are in .libbpf_log",
    errno.ESRCH: "a section's name, or something the object refers to, is unknown to this libbpf",
}


def _load_error(handle: ObjectHandle, name: str, code: int, room: _verify.LogRoom) -> BpfError:
    log = log_text()
    refused = _verify.verifier_error(handle, code, log, room)
    if refused is not None:
        return _never_looked_at(handle, name, refused) or refused
    if code in (errno.EPERM, errno.EACCES):
        return _forbidden(handle, name, code, log)
    complaint = _first_complaint(log)
    absent = _absent(handle, complaint, code)
    if absent is not None:
        return UnsupportedError(f"load '{name}' failed: {absent}\n  {complaint}", code, log)
    hint = next((hint for words, hint in _LOAD_HINTS.items() if words in complaint), None)
    if hint is None:
        from tinybpf.libbpf._absent import target_hint

        hint = target_hint(handle, complaint)
    return error_from(f"load '{name}'", code, log, {code: hint} if hint else None, detail=complaint)


def _absent(handle: ObjectHandle, complaint: str, code: int) -> str | None:
    """What the object needs and this kernel has not, with the version that brought it."""
    from tinybpf.libbpf import _absent

    return _absent.reason(handle, complaint, code)


def _never_looked_at(handle: ObjectHandle, name: str, refused: VerifierError) -> BpfError | None:
    """The error for a program whose kind the kernel does not know: it is refused before its instructions."""
    if refused.errno != errno.EINVAL or "\n0: " in f"\n{refused.log}":
        return None
    from tinybpf.libbpf import _absent

    absent = _absent.program(handle, refused.program)
    if absent is None:
        return None
    return UnsupportedError(f"load '{name}' failed: {absent}", refused.errno, refused.libbpf_log)


_LOAD_HINTS = {
    "failed to create: -E2BIG": "the kernel makes no map of that size: take fewer entries, or smaller values "
    "(at most 32 KiB where each CPU has its own)",
    "failed to create: -ENOMEM": "there is not enough memory for a map of that size: take fewer entries",
    "is not on BPF FS": "mount -t bpf bpf /sys/fs/bpf",
}
"""What helps, by words of libbpf's complaint."""


def _forbidden(handle: ObjectHandle, name: str, code: int, log: str) -> BpfError:
    from tinybpf.libbpf._forbidden import load_hint

    hint = load_hint(handle)
    hints = {code: hint} if hint else None
    return error_from(f"load '{name}'", code, log, hints, detail=_first_complaint(log))


# libbpf then goes on, or guesses
_NOT_THE_CAUSE = ("BTF loading error", "Retrying without BTF", "RLIMIT_MEMLOCK", "probe_loading")


def _first_complaint(log: str) -> str:
    """The first complaint in libbpf's log: the later ones follow from it."""
    for line in log.splitlines():
        if line.startswith("libbpf: ") and not any(words in line for words in _NOT_THE_CAUSE):
            return line
    return ""


def _read(source: Source) -> tuple[bytes, str, str | None]:
    """The object's bytes, its name, and the path where it came from one."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return _read_file(path), _object_name(path), path
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), "object", None
    if hasattr(source, "__bytes__"):
        name = getattr(source, "name", None)
        return bytes(source), _object_name(str(name)) if name else "object", None
    raise TypeError(f"load() takes a path, bytes, or an object with bytes, not {type(source).__name__}")


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise not_found(f"load '{path}' failed: there is no such file", errno.ENOENT) from None
    except OSError as error:
        raise error_from(f"load '{path}'", error.errno or 0, None) from None


def _object_name(path: str) -> str:
    """The file's name without directory, ``.o`` and ``.bpf``."""
    name = os.path.basename(path)
    return name.removesuffix(".o").removesuffix(".bpf") or name
