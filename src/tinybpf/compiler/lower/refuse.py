"""Saying no: what is raised for a construct that the kernel can't run, and the words for it."""

from __future__ import annotations

from tinybpf.compiler import ssa


class Refused(Exception):
    """A construct that has no form in BPF; the message stands at ``pos`` in the source."""

    def __init__(self, pos: ssa.Pos, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.pos = pos
        self.message = message
        self.hint = hint or next((h for words, h in HINTS.items() if message.endswith(words)), None)


class Poisoned(Exception):
    """An operand comes from an instruction that was refused; nothing more to say."""


class LoweringFault(Exception):
    """What the front end and the lowering take for granted about each other does not hold."""

    def __init__(self, message: str, pos: ssa.Pos = ssa.NO_POS) -> None:
        super().__init__(message)
        self.pos = pos


GO_MAP = "Go's built-in maps need a heap, which the kernel does not have"
CHANNEL = "channels need goroutines, which the kernel does not run"
INTERFACE = "interface values need dynamic dispatch, which BPF does not have"
FUNCTION_VALUE = "function values need indirect calls, which BPF does not have"
FLOAT = "BPF has no floating point"

DISPATCHER = "dispatcher"
"""``Function.synthetic`` of what ``resolve`` makes; always inlined."""

NATIVE_STACK = 1 << 20
"""Bytes that a variable may take in code that runs when compiling."""

STACK = 512
"""Bytes of stack that a program has, over all of its frames."""
FRAMES_HINT = "take away //go:noinline from some of them, or write two of them as one"
STACK_HINT = "keep large values in a map (a per-CPU array of one element), or make them smaller"

HINTS = {
    GO_MAP: "declare a BPF map as a package variable, such as ebpf.Hash[K, V]{MaxEntries: 1024}",
    CHANNEL: "send events to user space through a ring buffer, such as ebpf.RingBuf[Event]",
    INTERFACE: "use the concrete type",
    FUNCTION_VALUE: "call the function by its name, and pass what a literal captures as arguments",
    FLOAT: "count in a smaller unit with integers: 1500 thousandths for 1.5",
}
"""What to write instead, by how a message ends."""

NOT_IN_KERNEL: dict[type, tuple[str, str | None]] = {
    ssa.Go: ("go statement: the kernel runs no goroutines", "do the work here, or in another program"),
    ssa.MakeChan: (f"make of a channel: {CHANNEL}", None),
    ssa.Send: (f"send to a channel: {CHANNEL}", None),
    ssa.Select: (
        "select statement: the kernel runs no goroutines",
        "read the clock (ebpf.Now, or bpf_ktime_get_ns) instead of waiting",
    ),
    ssa.MakeMap: (f"a map is made here: {GO_MAP}", None),
    ssa.MapUpdate: (f"assignment to an element of a map: {GO_MAP}", None),
    ssa.Lookup: (f"lookup in a map: {GO_MAP}", None),
    ssa.MakeSlice: (
        "make of a slice whose capacity is not constant: there is no heap in the kernel",
        "give it a capacity, which it may not pass: make([]T, n, 64)",
    ),
    ssa.Defer: ("defer is not supported", "write the call before each return"),
    ssa.MakeInterface: (INTERFACE, None),
    ssa.ChangeInterface: (INTERFACE, None),
    ssa.TypeAssert: ("type assertion: " + INTERFACE, "use the concrete type"),
    ssa.MakeClosure: (FUNCTION_VALUE, None),
    ssa.Range: (GO_MAP, None),
    ssa.Next: (GO_MAP, None),
    ssa.MultiConvert: ("conversion between type parameters is not supported", "convert the concrete types"),
}
"""By kind of SSA instruction that has no form here: what to say, and what to write instead."""

BUILTINS: dict[str, tuple[str, str | None]] = {
    "cap": ("cap of this type is not supported", None),
    "close": (f"close of a channel: {CHANNEL}", None),
    "complex": (FLOAT, None),
    "real": (FLOAT, None),
    "imag": (FLOAT, None),
    "delete": (f"delete: {GO_MAP}", None),
    "print": (
        "print has no place to write to in the kernel",
        "call ebpf.Printk (or bpf_trace_printk); tinybpf run shows it",
    ),
    "println": (
        "println has no place to write to in the kernel",
        "call ebpf.Printk (or bpf_trace_printk); tinybpf run shows it",
    ),
    "recover": ("recover: a panic ends the program", "check the condition before it panics"),
}


def recursion(around: list[ssa.Function]) -> tuple[str, str]:
    """The message about functions that call each other, the first again at the end; and the hint."""
    names = [fn.name if fn.parent is None else f"the function literal of line {fn.pos.line}" for fn in around]
    return f"recursion: {' calls '.join(names)}; the kernel's stack does not grow", "write it as a loop"
