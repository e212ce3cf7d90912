"""What a program holds, released when a panic ends it: reservations, sockets, locks.

The verifier refuses a program that ends with any of them. For each call that may take one there
is a cell with what was taken, null while there is none; the panic block releases what is in the
cells. On the way without a panic nothing of this is left after optimising.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.kernel.helpers import helper
from tinybpf.compiler.lower.pointsto import Place
from tinybpf.compiler.lower.refuse import Refused

if TYPE_CHECKING:
    from tinybpf.compiler.lower.function import FunctionLowering
    from tinybpf.compiler.lower.module import Module

TAKES = {
    "bpf_ringbuf_reserve": "bpf_ringbuf_discard",
    "bpf_sk_lookup_tcp": "bpf_sk_release",
    "bpf_sk_lookup_udp": "bpf_sk_release",
    "bpf_skc_lookup_tcp": "bpf_sk_release",
}
"""Helpers whose result must be given back, and the helper that does it without an effect."""

RELEASES = {"bpf_ringbuf_submit", "bpf_ringbuf_discard", "bpf_sk_release"}

LOCK, UNLOCK = "bpf_spin_lock", "bpf_spin_unlock"
_THE_LOCK = Place("lock")

SOCKET_MAPS = ("SOCKMAP", "SOCKHASH")
"""Maps whose lookup takes a reference to the socket that it finds."""

INTO_MEMORY = {"bpf_ringbuf_reserve_dynptr": (3, "bpf_ringbuf_discard_dynptr")}
"""Helpers that leave what they take in the program's memory: which argument, and what gives it back.
It must be given back also where the helper failed."""

GIVES_MEMORY_BACK = {"bpf_ringbuf_submit_dynptr", "bpf_ringbuf_discard_dynptr"}

NOT_KNOWN = {"bpf_kptr_xchg"}
"""Helpers that give out what is to be released in a way that only its type tells."""


class Cell(msgspec.Struct, frozen=True):
    slot: str
    release: str


class Held:
    """The cells of one function."""

    def __init__(self, f: FunctionLowering) -> None:
        self.f = f
        self.cells: dict[Place, Cell] = {}
        self.unknown: list[tuple[str, ssa.Pos]] = []

    def before_helper(self, name: str, instr: ssa.Call) -> None:
        if name in RELEASES and instr.args:
            self._clear(self.f.places(instr.args[0]))
        elif name in GIVES_MEMORY_BACK and instr.args:
            self._clear({_memory(p) for p in self.f.places(instr.args[0])})
        elif name == UNLOCK:
            self._clear({_THE_LOCK})

    def after_helper(self, name: str, instr: ssa.Call, returned: str) -> None:
        place = Place("kernel", self.f.index, instr.id)
        release = self._release_of(place, name)
        if release is not None:
            self._fill(place, release, returned)
        elif name in INTO_MEMORY:
            argument, release = INTO_MEMORY[name]
            for held in self.f.places(instr.args[argument]):
                self._fill(_memory(held), release, self.f.scalar(instr.args[argument]))
        elif name == LOCK and instr.args:
            self._fill(_THE_LOCK, UNLOCK, self.f.scalar(instr.args[0]))
        elif name in NOT_KNOWN:
            self.unknown.append((name, instr.pos))

    def before_go_call(self, callee: int) -> None:
        """What the callee gives back is not held any more, whatever becomes of the call."""
        self._clear(released_by(self.f.m, callee))

    def after_go_call(self, instr: ssa.Call, callee: int, returned: str | None) -> None:
        """A function may hand on what it took."""
        for place in self.f.places(instr.id) if returned is not None else ():
            name = self._taken_by(place)
            if name is not None and returned is not None:
                self._fill(place, name, returned)
        locked = locked_by(self.f.m, callee)
        if locked is not None:
            self._fill(_THE_LOCK, UNLOCK, self.f.scalar(instr.args[locked]))

    def _release_of(self, place: Place, name: str) -> str | None:
        """The helper that gives back what the call of ``name`` at ``place`` gives out."""
        if name == "bpf_map_lookup_elem" and self._in_socket_map(place):
            return "bpf_sk_release"
        return TAKES.get(name)

    def _in_socket_map(self, place: Place) -> bool:
        m = self.f.m
        for call, callee in m.callees(place.function):
            if call.id == place.id and m.helper_name(callee) and call.args:
                places = m.points.value(place.function, call.args[0])
                return any(p.kind == "global" and m.map_kind(p.id) in SOCKET_MAPS for p in places)
        return False

    def _taken_by(self, place: Place) -> str | None:
        if place.kind != "kernel" or place.function < 0:
            return None
        for call, callee in self.f.m.callees(place.function):
            if call.id == place.id:
                return self._release_of(place, self.f.m.helper_name(callee))
        return None

    def check(self) -> None:
        """Refuse what a panic would leave taken."""
        for name, pos in self.unknown if self.f.panics else ():
            raise Refused(
                pos,
                f"{name} takes what only its type tells how to release, and {self.f.fn.name} can panic: a "
                "panic would leave it taken",
                "keep what can panic (an index, a division, a nil pointer) out of this function",
            )

    def _fill(self, place: Place, release: str, value: str) -> None:
        if place not in self.cells:
            slot = self.f.b.slot("ptr", 8)
            self.cells[place] = Cell(slot, release)
            self.f.b.at_entry(lambda: self.f.b.emit(f"store ptr null, ptr {slot}, align 8"))
        self.f.b.emit(f"store ptr {value}, ptr {self.cells[place].slot}, align 8")

    def _clear(self, places: set[Place]) -> None:
        for place in places & self.cells.keys():
            self.f.b.emit(f"store ptr null, ptr {self.cells[place].slot}, align 8")

    def release(self) -> None:
        """In the panic block: give back what is held."""
        b = self.f.b
        for cell in self.cells.values():
            known = helper(cell.release)
            assert known is not None
            value = b.value(f"load ptr, ptr {cell.slot}, align 8")
            none = b.value(f"icmp eq ptr {value}, null")
            taken, done = b.new_label("held"), b.new_label("released")
            b.branch(none, done, taken)
            b.start(taken)
            flags = ", i64 0" if cell.release.startswith("bpf_ringbuf_discard") else ""
            b.emit(f"call i64 inttoptr (i64 {known.number} to ptr)(ptr {value}{flags})")
            b.jump(done)
            b.start(done)


def _memory(place: Place) -> Place:
    """What is held by way of a variable at ``place``."""
    return Place(f"in {place.kind}", place.function, place.id)


def released_by(m: Module, function: int) -> set[Place]:
    """What a function gives back, it or one that it calls."""
    known = m.released.get(function)
    if known is not None:
        return known
    found = m.released[function] = set()
    for call, callee in m.callees(function):
        name = m.helper_name(callee)
        if m.doc.functions[callee].blocks:
            found |= released_by(m, callee)
        elif name in RELEASES and call.args:
            found |= m.points.value(function, call.args[0])
        elif name in GIVES_MEMORY_BACK and call.args:
            found |= {_memory(p) for p in m.points.value(function, call.args[0])}
        elif name == UNLOCK:
            found.add(_THE_LOCK)
    return found


def locked_by(m: Module, function: int) -> int | None:
    """The parameter that a function locks and leaves locked: a method Lock."""
    locked = None
    for call, callee in m.callees(function):
        name = m.helper_name(callee)
        if name == UNLOCK:
            return None
        if name == LOCK:
            places = m.points.value(function, call.args[0])
            parameters = range(m.doc.functions[function].params)
            same = [n for n in parameters if m.points.value(function, n) == places]
            locked = same[0] if same else None
    return locked
