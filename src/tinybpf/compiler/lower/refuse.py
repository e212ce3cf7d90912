"""Saying no: what is raised for a construct that the kernel can't run, and the words for it."""

from __future__ import annotations

from tinybpf.compiler import ssa


class Refused(Exception):
    """A construct that has no form in BPF; the message stands at ``pos`` in the source."""

    def __init__(self, pos: ssa.Pos, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.pos = pos
        self.message = message
        self.hint = hint


class Poisoned(Exception):
    """An operand comes from an instruction that was refused; nothing more to say."""


class LoweringFault(Exception):
    """What the front end and the lowering take for granted about each other does not hold."""

    def __init__(self, message: str, pos: ssa.Pos = ssa.NO_POS) -> None:
        super().__init__(message)
        self.pos = pos


NOT_IN_KERNEL: dict[type, tuple[str, str]] = {
    ssa.Go: ("go statement: the kernel runs no goroutines", "do the work here, or in another program"),
    ssa.MakeChan: (
        "make of a channel: the kernel runs no goroutines",
        "send events through a ring buffer map",
    ),
    ssa.Send: ("channel send: the kernel runs no goroutines", "send events through a ring buffer map"),
    ssa.Select: (
        "select statement: the kernel runs no goroutines",
        "read the clock with bpf_ktime_get_ns instead of waiting",
    ),
    ssa.MakeMap: (
        "make of a Go map: there is no heap in the kernel",
        "declare a BPF map as a package variable",
    ),
    ssa.MapUpdate: (
        "Go maps need a heap, which the kernel does not give",
        "declare a BPF map and call bpf_map_update_elem",
    ),
    ssa.Lookup: (
        "Go maps need a heap, which the kernel does not give",
        "declare a BPF map and call bpf_map_lookup_elem",
    ),
    ssa.MakeSlice: (
        "make of a slice: there is no heap in the kernel",
        "slice an array: var a [64]byte; s := a[:]",
    ),
    ssa.Defer: ("defer is not supported", "write the call before each return"),
    ssa.RunDefers: ("defer is not supported", "write the call before each return"),
    ssa.MakeInterface: ("conversion to an interface: BPF has no dynamic dispatch", "use the concrete type"),
    ssa.ChangeInterface: ("interface value: BPF has no dynamic dispatch", "use the concrete type"),
    ssa.TypeAssert: ("type assertion: BPF has no dynamic dispatch", "use the concrete type"),
    ssa.MakeClosure: (
        "function literal that is used as a value",
        "declare a function and pass what it captures as arguments",
    ),
    ssa.Range: ("range over a string or a map is not supported", "range over an array or a slice of one"),
    ssa.Next: ("range over a string or a map is not supported", "range over an array or a slice of one"),
    ssa.MultiConvert: ("conversion between type parameters is not supported", "convert the concrete types"),
}
"""By kind of SSA instruction that has no form here: what to say, and what to write instead."""

BUILTINS: dict[str, tuple[str, str | None]] = {
    "append": (
        "append needs a heap, which the kernel does not give",
        "keep a count and assign to an array element",
    ),
    "cap": ("cap of this type is not supported", None),
    "close": ("close: the kernel runs no goroutines", None),
    "complex": ("BPF has no floating point", None),
    "real": ("BPF has no floating point", None),
    "imag": ("BPF has no floating point", None),
    "delete": (
        "Go maps need a heap, which the kernel does not give",
        "declare a BPF map and call bpf_map_delete_elem",
    ),
    "print": (
        "print has no place to write to in the kernel",
        "call bpf_trace_printk and read /sys/kernel/tracing/trace_pipe",
    ),
    "println": (
        "println has no place to write to in the kernel",
        "call bpf_trace_printk and read /sys/kernel/tracing/trace_pipe",
    ),
    "recover": ("recover: a panic ends the program", "check the condition before it panics"),
}
