"""From bytes to a loaded object, in three steps: open, configure, load.

`open` validates the bytes and has libbpf parse them; what it returns can be configured; its `load`
creates the maps and has the kernel verify the programs. The function `load` does all of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError, ObjectError
from tinybpf.libbpf import _verify
from tinybpf.libbpf._handle import ObjectHandle
from tinybpf.libbpf._interrupt import raise_interrupt
from tinybpf.libbpf._lib import ffi, lib, mark_used, text
from tinybpf.libbpf._load_errors import load_error, open_error
from tinybpf.libbpf._reading import read
from tinybpf.libbpf.object import BpfObject, Names, section_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import SupportsBytes

    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.disassembly import Disassembly
    from tinybpf.libbpf.globals import Globals
    from tinybpf.libbpf.openmap import OpenMap
    from tinybpf.libbpf.openprogram import OpenProgram

_STRUCT_OPS = 26
_OPTS_SIZE = ffi.sizeof("struct bpf_object_open_opts")
LOG_SIZE = 16 << 20


def load(
    path: str | os.PathLike[str] | bytes | bytearray | memoryview | SupportsBytes,
    *,
    variables: Mapping[str, Any] | None = None,
    configure: Callable[[OpenObject], object] | None = None,
    log_level: int = 0,
    log_size: int = LOG_SIZE,
    btf_path: str | os.PathLike[str] | None = None,
    pin_root: str | os.PathLike[str] | None = None,
    kconfig: str | Mapping[str, bool | int | str] | None = None,
) -> BpfObject:
    """Load a BPF object and have the kernel verify its programs.

    ``variables`` sets package variables of the program by name before that: the verifier knows
    those that the program never writes as constants. `MissingError` where there is none of that
    name, ``TypeError`` or ``ValueError`` where the value does not fit it. ``configure`` is called
    with the open object, for all else that can be set before the load: see `open`, whose options
    the others are.

    ``path`` is one, or the bytes of an ELF file, or something that has such bytes (and perhaps a
    ``name``), like what the compiler returns. `NotFoundError` where there is no such file,
    `ObjectError` where it is no BPF object, `VerifierError` where the kernel refuses a program,
    `BpfError` for all else.
    """
    opened = open(
        path, log_level=log_level, log_size=log_size, btf_path=btf_path, pin_root=pin_root, kconfig=kconfig
    )
    try:
        if variables is not None:
            opened.set(variables)
        if configure is not None:
            configure(opened)
    except BaseException:
        opened.close()
        raise
    return opened.load()


def open(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | SupportsBytes,
    *,
    log_level: int = 0,
    log_size: int = LOG_SIZE,
    btf_path: str | os.PathLike[str] | None = None,
    pin_root: str | os.PathLike[str] | None = None,
    kconfig: str | Mapping[str, bool | int | str] | None = None,
) -> OpenObject:
    """Read and parse an object without loading it, so that it can be configured before.

    ``source`` is what `load` takes, and errors are as there; nothing is asked of the kernel yet.
    ``log_level`` and ``log_size`` are as `OpenObject` has them. ``btf_path`` is a file with the kernel's BTF,
    for kernels that have none in ``/sys/kernel/btf/vmlinux``: CO-RE relocations go by it. ``pin_root`` is
    the directory below which maps are pinned that say so in their definition (``LIBBPF_PIN_BY_NAME``), by
    default ``/sys/fs/bpf``. ``kconfig`` has values for the program's ``extern`` variables of section
    ``.kconfig``, which come before those of the running kernel's configuration: a mapping (``True`` is
    ``y``, ``False`` ``n``, text a string) or lines such as ``CONFIG_HZ=250``.
    """
    content, name, path = read(source)
    reason = ffi.new("char[256]")
    if lib.tb_validate(content, len(content), reason, 256):
        raise ObjectError(f"load '{path or name}' failed: {text(reason)}")
    mark_used()
    opts = ffi.new("struct bpf_object_open_opts *")
    opts.sz = _OPTS_SIZE
    alive = [ffi.new("char[]", name.encode("utf-8", "replace").replace(b"\0", b""))]
    opts.object_name = alive[0]
    if btf_path is not None or pin_root is not None or kconfig is not None:
        from tinybpf.libbpf import _options

        alive += _options.fill(opts, btf_path, pin_root, kconfig)
    lib.tb_log_clear()
    pointer = lib.bpf_object__open_mem(content, len(content), opts)
    if pointer == ffi.NULL:
        raise open_error(path or name, ffi.errno)
    directory = str(getattr(source, "directory", ""))
    handle = ObjectHandle(pointer, name, content, directory)
    handle.options, handle.option_values = opts, alive
    opened = OpenObject(handle, path)
    if log_level == 0 and log_size == LOG_SIZE:
        return opened
    try:
        opened.log_level, opened.log_size = log_level, log_size
    except BaseException:
        opened.close()
        raise
    return opened


class OpenObject:
    """A parsed object before its load: what `open` returns.

    ``maps`` and ``programs`` have what can be set about each, ``globals`` the variables with their
    initial values. `load` uses it up; the end of a ``with`` closes it where it was not loaded, and
    leaves the loaded object alone. Then every use is a `BpfError` that says so.
    """

    def __init__(self, handle: ObjectHandle, path: str | None) -> None:
        self._handle = handle
        self._path = path
        self._globals: Globals | None = None
        self._maps: Names[OpenMap] | None = None
        self._programs: Names[OpenProgram] | None = None
        self._used = ""  # by what it ended
        self._log_level = 0
        self._log_size = LOG_SIZE
        self._levels: dict[str, int] = {}

    @property
    def name(self) -> str:
        """The file's name without ``.bpf.o``."""
        return self._handle.name

    @property
    def used(self) -> bool:
        """Whether it was loaded or closed, and cannot be used any more."""
        return bool(self._used) or self._handle.closed

    @property
    def btf(self) -> Btf | None:
        """The object's type information; None where it has none."""
        self._require()
        return self._handle.btf

    @property
    def maps(self) -> Names[OpenMap]:
        """The maps by name, each an `OpenMap`: size, type, pin, reuse, leaving it out."""
        self._require()
        if self._maps is None:
            from tinybpf.libbpf.openmap import OpenMap

            pointers = {text(lib.bpf_map__name(pointer)): pointer for pointer in _each_map(self._handle)}
            found = {name: OpenMap(self, pointer, name) for name, pointer in pointers.items()}
            self._maps = Names("map", self.name, found, aliases=section_names(found))
        return self._maps

    @property
    def programs(self) -> Names[OpenProgram]:
        """The programs by name, each an `OpenProgram`: type, target, leaving it out."""
        self._require()
        if self._programs is None:
            from tinybpf.libbpf.openprogram import OpenProgram

            pointers = {text(lib.bpf_program__name(raw)): raw for raw in _each_program(self._handle)}
            found = {name: OpenProgram(self, pointer, name) for name, pointer in pointers.items()}
            self._programs = Names("program", self.name, found)
        return self._programs

    @property
    def globals(self) -> Globals:
        """The variables with their initial values, which can be set."""
        self._require()
        if self._globals is None:
            from tinybpf.libbpf.globals import Globals

            self._globals = Globals(self._handle, loaded=False)
        return self._globals

    @property
    def sections(self) -> dict[str, int]:
        """The sections of the ELF file and their sizes in bytes, in the file's order."""
        from tinybpf.libbpf import _elf

        self._require()
        return {section.name: section.size for section in _elf.read(self._handle.source).sections[1:]}

    @property
    def license(self) -> str:
        """The programs' licence, which decides what helpers they may call; empty where there is none."""
        from tinybpf.libbpf import _elf

        self._require()
        parts = (part.content for part in _elf.read(self._handle.source).sections if part.name == "license")
        return bytes(next(parts, b"")).split(b"\0", 1)[0].decode("utf-8", "backslashreplace")

    def disassembly(self) -> Disassembly:
        """The instructions of all functions as the compiler wrote them, with the lines of the source.

        Maps, variables and functions stand by their names where a loader will put their addresses.
        `BpfProgram.disassembly` is what the kernel made of a program.
        """
        from tinybpf.libbpf import object_code

        handle = self._handle
        self._require()
        return object_code.of_object(handle.source, handle.btf, handle.directory)

    @property
    def log_level(self) -> int:
        """How much the verifier says of programs that it accepts: 0 nothing, 1 the instructions on its way,
        2 all states, 4 its figures (added to the others); see `BpfProgram.verifier_log`."""
        return self._log_level

    @log_level.setter
    def log_level(self, level: int) -> None:
        from tinybpf.libbpf._settings import number

        self._require()
        self._log_level = number("log_level", level, 7)

    @property
    def log_size(self) -> int:
        """Bytes of room for the log of each program that has a log level, 16 MiB unless set.

        The load of a program whose log does not fit fails. What was refused without a log level has
        256 MiB in any case.
        """
        return self._log_size

    @log_size.setter
    def log_size(self, size: int) -> None:
        from tinybpf.libbpf._settings import number

        self._require()
        self._log_size = number("log_size", size, _verify.LARGEST_LOG, least=128)

    def set(self, variables: Mapping[str, Any]) -> None:
        """Set the initial values of variables."""
        if not isinstance(variables, Mapping):
            raise TypeError(f"variables must be a mapping of names to values, not {type(variables).__name__}")
        for name, value in variables.items():
            self.globals[name] = value

    def load(self) -> BpfObject:
        """Create the maps, verify the programs. The open object is used up, whatever happens."""
        handle = self._handle
        with handle.lock:  # of several threads one loads it
            self._require()
            levels = self._log_levels()
            self._used = "its load failed: open it again"
        try:
            _check_arguments(handle)
            _check_struct_ops(handle)
            with _verify.LogRoom(handle, levels, self._log_size) as room:
                lib.tb_log_clear()
                result = lib.tb_object_load(handle.pointer)
                if result < 0:
                    raise_interrupt()
                    raise load_error(handle, self._path or handle.name, -result, room)
                logs = room.logs()
            if self._globals is not None:
                self._globals.close()
            handle.loaded()
            self._used = "it is loaded already: configure it before"
            return BpfObject(handle, self._path, logs)
        except BaseException:
            handle.close()
            raise

    def close(self) -> None:
        """Free it; what was loaded from it stays. Idempotent."""
        if not self._used:
            self._used = "it is closed"
            self._handle.close()

    def _log_levels(self) -> dict[str, int]:
        if not self._log_level and not any(self._levels.values()):
            return {}
        return {name: program.log_level for name, program in self.programs.items() if program.log_level}

    def _require(self) -> None:
        if self.used:
            raise BpfError(f"the open object '{self.name}' cannot be used: {self._used or 'it is closed'}")

    def _resized(self) -> None:
        """A section of variables has another size: its memory is elsewhere, its types are others."""
        self._handle.forget_btf()
        if self._globals is not None:
            self._globals.forget()

    def __enter__(self) -> OpenObject:
        self._require()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.used:
            return f"<OpenObject '{self.name}': {self._used or 'it is closed'}>"
        return (
            f"<OpenObject '{self.name}' programs: {', '.join(self.programs) or 'none'}; "
            f"maps: {', '.join(self.maps) or 'none'}>"
        )


def _each_map(handle: ObjectHandle) -> Iterator[Any]:
    owner = handle.pointer  # stays until this is done
    found = lib.bpf_object__next_map(owner, ffi.NULL)
    while found != ffi.NULL:
        yield found
        found = lib.bpf_object__next_map(owner, found)


def _each_program(handle: ObjectHandle) -> Iterator[Any]:
    owner = handle.pointer
    found = lib.bpf_object__next_program(owner, ffi.NULL)
    while found != ffi.NULL:
        yield found
        found = lib.bpf_object__next_program(owner, found)


def _check_struct_ops(handle: ObjectHandle) -> None:
    """libbpf takes each map of the type struct_ops for one that it has made of a section of that name."""
    if not lib.tb_has_map_of_type(handle.pointer, _STRUCT_OPS):
        return
    for found in _each_map(handle):
        if lib.bpf_map__type(found) != _STRUCT_OPS:
            continue
        name, btf = text(lib.bpf_map__name(found)), handle.btf
        sections = (".struct_ops", ".struct_ops.link")
        if btf is None or not any(v.name == name for s in sections for v in btf.section_vars(s)):
            raise ObjectError(
                f"map '{name}' has the type struct_ops, which a map has by standing in the section "
                ".struct_ops or .struct_ops.link only"
            )


def _check_arguments(handle: ObjectHandle) -> None:
    if b"argument:" in handle.source:  # what most objects do without is imported where it is needed
        from tinybpf.libbpf import _arguments

        _arguments.check_object(handle)
