"""A loaded object: programs, maps, types, and the links that it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from tinybpf.errors import MissingError
from tinybpf.libbpf._handle import ObjectHandle, closed_error, facts_of
from tinybpf.libbpf._lib import lib, text
from tinybpf.libbpf._mapcore import UNTYPED, MapCore, MapTypes
from tinybpf.libbpf.enums import BpfMapType
from tinybpf.libbpf.map import BpfMap, map_of
from tinybpf.libbpf.program import BpfProgram

if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.globals import Globals
    from tinybpf.libbpf.link import BpfLink
    from tinybpf.libbpf.panics import PanicLine
    from tinybpf.libbpf.stream import EventStream
    from tinybpf.libbpf.userring import UserRingBuffer

T = TypeVar("T")
E = TypeVar("E")


class Names(Mapping[str, T]):
    """Programs or maps by name; a name that is not there is a `MissingError` that lists those that are."""

    def __init__(
        self,
        kind: str,
        owner: str,
        found: dict[str, T],
        *,
        left_out: Collection[str] = (),
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self._kind = kind
        self._owner = owner
        self._found = found
        self._left_out = left_out
        self._aliases = aliases or {}

    def __getitem__(self, name: str) -> T:
        try:
            return self._found[name]
        except KeyError:
            pass
        if name in self._aliases:
            return self._found[self._aliases[name]]
        raise self._missing(name)

    def _missing(self, name: str) -> MissingError:
        if name in self._left_out:
            return MissingError(
                f"{self._kind} '{name}' of object '{self._owner}' was left out when the object was loaded"
            )
        from difflib import get_close_matches

        near = get_close_matches(str(name), self._found, 1)
        meant = f" (did you mean '{near[0]}'?)" if near else ""
        there = ", ".join(f"'{n}'" for n in self._found) or "none"
        return MissingError(f"object '{self._owner}' has no {self._kind} '{name}'{meant}; there is: {there}")

    def __contains__(self, name: object) -> bool:
        return name in self._found or name in self._aliases

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"<{self._kind}s of '{self._owner}': {', '.join(self._found) or 'none'}>"


class BpfObject:
    """What `load` returns: an object whose programs the kernel has verified.

    What its programs are attached to stays attached until `close`, or the end of a ``with``,
    whether or not the object is kept in a variable. Without links an object that nobody holds is
    freed. After `close` every use is a `BpfError` that says "closed".
    """

    def __init__(self, handle: ObjectHandle, path: str | None, logs: Mapping[str, str] | None = None) -> None:
        self._handle = handle
        self._path = path
        self._logs = logs or {}
        self._programs: Names[BpfProgram] | None = None  # made when somebody asks for them, as the maps are
        self._maps: Names[BpfMap[Any, Any]] | None = None
        self._globals: Globals | None = None
        self._types: dict[str, type] = {}

    @property
    def name(self) -> str:
        """The file's name without ``.bpf.o``."""
        return self._handle.name

    @property
    def path(self) -> str | None:
        """The file that it was loaded from, None where it was bytes."""
        return self._path

    @property
    def programs(self) -> Names[BpfProgram]:
        """The programs by name."""
        self._require()
        if self._programs is None:
            with self._handle.lock:  # for all threads the same ones
                if self._programs is None:
                    self._programs = _programs(self._handle, self._logs)
        return self._programs

    @property
    def maps(self) -> Names[BpfMap[Any, Any]]:
        """The maps by name."""
        self._require()
        if self._maps is None:
            with self._handle.lock:  # nobody closes the object, and them, meanwhile
                if self._maps is None:
                    self._maps = _maps(self._handle)
        return self._maps

    @property
    def links(self) -> tuple[BpfLink, ...]:
        """The links that closing the object would take back."""
        return self._handle.links

    @property
    def btf(self) -> Btf | None:
        """The object's types, None where it has no BTF."""
        self._require()
        return self._handle.btf

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._handle.closed

    def program(self, name: str) -> BpfProgram:
        """The program of that name; `MissingError` (a ``KeyError``) lists those that exist."""
        return self.programs[name]

    def map(self, name: str) -> BpfMap[Any, Any]:
        """The map of that name; `MissingError` (a ``KeyError``) lists those that exist."""
        return self.maps[name]

    @overload
    def ring_buffer(
        self,
        name: str,
        *,
        timeout: float | None = None,
        count: int | None = None,
        event_type: None = None,
    ) -> EventStream[Any]: ...
    @overload
    def ring_buffer(
        self, name: str, *, timeout: float | None = None, count: int | None = None, event_type: type[E]
    ) -> EventStream[E]: ...
    def ring_buffer(
        self,
        name: str,
        *,
        timeout: float | None = None,
        count: int | None = None,
        event_type: Any = None,
    ) -> EventStream[Any]:
        """The events of a ring buffer map as a stream to iterate over.

        It ends after ``timeout`` seconds, after ``count`` events, or when it or the object is
        closed. Events are of the type that the object's BTF gives for the map, or of
        ``event_type``: a ``ctypes`` structure, a class from BTF, or bytes. Kernel 5.8 or later.
        """
        from tinybpf.libbpf.stream import EventStream

        core = self.map(name)._core
        self.lost(name)  # finds the counter while the object is open
        variables, counter = self.globals, f"ebpf_lost_{name}"
        return EventStream(
            core,
            self._handle,
            timeout=timeout,
            count=count,
            event_type=event_type,
            lost=lambda: variables.counter(counter),
        )

    @overload
    def perf_buffer(
        self,
        name: str,
        *,
        timeout: float | None = None,
        count: int | None = None,
        event_type: None = None,
        pages: int = 8,
    ) -> EventStream[Any]: ...
    @overload
    def perf_buffer(
        self,
        name: str,
        *,
        timeout: float | None = None,
        count: int | None = None,
        event_type: type[E],
        pages: int = 8,
    ) -> EventStream[E]: ...
    def perf_buffer(
        self,
        name: str,
        *,
        timeout: float | None = None,
        count: int | None = None,
        event_type: Any = None,
        pages: int = 8,
    ) -> EventStream[Any]:
        """The events of a perf event array as a stream to iterate over, like `ring_buffer`.

        The first call makes a buffer of ``pages`` memory pages (a power of two) for each CPU that
        is online; the kernel delivers nothing before, and drops what finds no room: the stream's
        ``lost`` counts that. As bytes, records have up to 7 bytes of padding behind the event.
        Kernel 4.4 or later.
        """
        from tinybpf.libbpf._perf import check_pages
        from tinybpf.libbpf.stream import EventStream

        core, pages = self.map(name)._core, check_pages(pages)
        return EventStream(
            core, self._handle, timeout=timeout, count=count, event_type=event_type, pages=pages
        )

    def user_ring_buffer(self, name: str, *, record_type: Any = None) -> UserRingBuffer:
        """A writer of records into a user ring buffer map, which a program takes out again.

        ``record_type`` is the name of a struct of the object, a class from BTF, a ``ctypes`` structure,
        or None for bytes. Kernel 6.1 or later.
        """
        from tinybpf.libbpf.userring import UserRingBuffer

        return UserRingBuffer(self.map(name), record_type=record_type)

    @property
    def globals(self) -> Globals:
        """The program's package variables by name, typed: read them, or set those that may change.

        ``obj.globals["limit"]``; assigning is for ``.data`` and ``.bss``, see ``load(variables=…)``
        for constants (``.rodata``).
        """
        self._require()
        if self._globals is None:
            from tinybpf.libbpf.globals import Globals

            self._globals = Globals(self._handle, loaded=True)
        return self._globals

    def lost(self, map_name: str) -> int | None:
        """How many events the program could not put into this ring or perf buffer, as it counts them.

        That is its variable ``ebpf_lost_<map>``, which the typed Go package keeps; None where it
        has none: then nobody knows. `MissingError` where there is no such map.
        """
        return self.globals.counter(f"ebpf_lost_{self.map(map_name).name}")

    @property
    def panics(self) -> int | None:
        """How often a program of the object ended in a panic; None where it does not count them."""
        return self.globals.counter("ebpf_panics")

    @property
    def panic_lines(self) -> list[PanicLine]:
        """The places in the Go source that can panic, with how often each did, in the source's order.

        For programs that say ``//bpf:panics lines``; empty for any other.
        """
        from tinybpf.libbpf.panics import panic_lines

        variables, btf = self.globals, self.btf
        return [] if btf is None else panic_lines(variables, btf, self._handle.directory)

    def register_type(self, btf_name: str, python_type: type, validate_field_names: bool = True) -> None:
        """Have a Python type of yours stand for the object's struct of that name, after a check.

        `BtfValidationError` where size, fields, their offsets or (unless ``validate_field_names`` is False)
        their names differ; `MissingError` where the object has no such type. See `lookup_type`.
        """
        from tinybpf.libbpf.validate import validate_against_btf

        self._require()
        if not isinstance(btf_name, str):
            raise TypeError(f"btf_name must be the name of a struct, not {type(btf_name).__name__}")
        btf = self._handle.btf
        type_id = None if btf is None else btf.find(btf_name)
        if btf is None or type_id is None:
            raise _no_type(self.name, btf, btf_name)
        validate_against_btf(python_type, btf, type_id, validate_field_names)
        self._types = {name: known for name, known in self._types.items() if known is not python_type}
        self._types[btf_name] = python_type

    def lookup_type(self, btf_name: str) -> type | None:
        """The Python type that was registered for the struct, or None."""
        self._require()
        return self._types.get(btf_name)

    def lookup_btf_name(self, python_type: type) -> str | None:
        """The name of the struct that a Python type was registered for, or None."""
        self._require()
        return next((name for name, known in self._types.items() if known is python_type), None)

    def close(self) -> None:
        """Detach what the object attached, end its streams, free it. Idempotent.

        Links that were told to stay (`BpfLink.keep`, a pin) stay.
        """
        self._handle.close()

    def _require(self) -> None:
        if self._handle.closed:
            raise closed_error("object", self._handle.name)

    def __enter__(self) -> BpfObject:
        self._require()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._handle.closed:
            return f"<BpfObject '{self.name}' closed>"
        parts = [
            f"programs: {', '.join(self.programs) or 'none'}",
            f"maps: {', '.join(self.maps) or 'none'}",
        ]
        if self.links:
            parts.append(f"{len(self.links)} attached")
        return f"<BpfObject '{self.name}' {'; '.join(parts)}>"


def _no_type(name: str, btf: Btf | None, btf_name: str) -> MissingError:
    if btf is None:
        return MissingError(f"object '{name}' has no BTF, so no type '{btf_name}'")
    return MissingError(
        f"object '{name}' has no BTF type '{btf_name}'{btf.near(btf_name)}\n  hint: a compiler leaves out "
        "types that no map and no variable has; in C a variable anchors one: "
        f"struct {btf_name} unused_{btf_name} __attribute__((unused));"
    )


def section_names(maps: Iterable[str]) -> dict[str, str]:
    """The maps of variables by their section's name, where libbpf puts the object's in front: ``x.data``."""
    found = {}
    for name in maps:
        if "." not in name:
            continue
        section = name.rpartition(".")[2]
        if section in ("data", "bss", "rodata", "kconfig") and not name.startswith("."):
            found["." + section] = name
    return found


def _programs(handle: ObjectHandle, logs: Mapping[str, str]) -> Names[BpfProgram]:
    """The programs that were loaded."""
    loaded, left_out = {}, []
    for facts in facts_of("tb_program_facts", lib.tb_object_programs, handle.pointer):
        if facts.fd < 0:
            left_out.append(text(facts.name))
            continue
        found = BpfProgram(facts, handle)
        found._log = logs.get(found.name)
        loaded[found.name] = found
    return Names("program", handle.name, loaded, left_out=left_out)


def _maps(handle: ObjectHandle) -> Names[BpfMap[Any, Any]]:
    """The maps that were made; they end with the object."""
    cores, left_out = [], []
    for facts in facts_of("tb_map_facts", lib.tb_object_maps, handle.pointer):
        name = text(facts.name)
        if facts.wanted:
            cores.append(_core(handle, facts, name))
        else:
            left_out.append(name)
    handle.add_dependents(cores)
    maps: dict[str, BpfMap[Any, Any]] = {core.name: map_of(core) for core in cores}
    return Names("map", handle.name, maps, left_out=left_out, aliases=section_names(maps))


def _core(handle: ObjectHandle, facts: Any, name: str) -> MapCore:
    pointer = facts.map
    return MapCore(
        name,
        BpfMapType(facts.type),
        (facts.key_size, facts.value_size, facts.max_entries),
        facts.fd,
        owner=handle,
        pointer=pointer,
        find_types=lambda: _types(handle, name, pointer),
    )


def _types(handle: ObjectHandle, name: str, pointer: Any) -> MapTypes:
    """A map's types as its definition in the object gives them.

    libbpf's own answer is the second choice: it forgets the types where the kernel refuses them.
    """
    btf = handle.btf
    if btf is None:
        return UNTYPED
    definition = btf.map_definitions().get(name)
    if definition is None:
        held = handle.within(pointer)
        key, value = lib.bpf_map__btf_key_type_id(held), lib.bpf_map__btf_value_type_id(held)
        return MapTypes(btf, key or None, value or None)
    return MapTypes(btf, definition.key_type, definition.value_type, definition.event_type)
