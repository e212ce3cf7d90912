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
from tinybpf.compiler.lower.walk import callees

if TYPE_CHECKING:
    from tinybpf.compiler.lower.function import FunctionLowering

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


class Cell(msgspec.Struct, frozen=True):
    slot: str
    release: str


class Held:
    """The cells of one function."""

    def __init__(self, f: FunctionLowering) -> None:
        self.f = f
        self.cells: dict[Place, Cell] = {}

    def before_helper(self, name: str, instr: ssa.Call) -> None:
        if name in RELEASES and instr.args:
            self._clear(self.f.places(instr.args[0]))
        elif name == UNLOCK:
            self._clear({_THE_LOCK})

    def after_helper(self, name: str, instr: ssa.Call, returned: str) -> None:
        if name in TAKES:
            self._fill(Place("kernel", self.f.index, instr.id), TAKES[name], returned)
        elif name == LOCK and instr.args:
            self._fill(_THE_LOCK, UNLOCK, self.f.scalar(instr.args[0]))

    def before_go_call(self, callee: int) -> None:
        """What the callee gives back is not held any more, whatever becomes of the call."""
        self._clear(self._released_by(callee, set()))

    def after_go_call(self, instr: ssa.Call, returned: str) -> None:
        """A function may hand on what it took."""
        for place in self.f.places(instr.id):
            name = self._taken_by(place)
            if name is not None:
                self._fill(place, TAKES[name], returned)

    def _taken_by(self, place: Place) -> str | None:
        if place.kind != "kernel" or place.function < 0:
            return None
        fn = self.f.m.doc.functions[place.function]
        for call, callee in callees(fn):
            if call.id == place.id:
                name = self.f.m.helper(callee, call.pos).name
                return name if name in TAKES else None
        return None

    def _released_by(self, function: int, seen: set[int]) -> set[Place]:
        found: set[Place] = set()
        seen.add(function)
        for call, callee in callees(self.f.m.doc.functions[function]):
            if self.f.m.doc.functions[callee].blocks:
                found |= self._released_by(callee, seen) if callee not in seen else set()
            elif self.f.m.helper_name(callee) in RELEASES and call.args:
                found |= self.f.m.points.value(function, call.args[0])
        return found

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
            flags = ", i64 0" if cell.release == "bpf_ringbuf_discard" else ""
            b.emit(f"call i64 inttoptr (i64 {known.number} to ptr)(ptr {value}{flags})")
            b.jump(done)
            b.start(done)
