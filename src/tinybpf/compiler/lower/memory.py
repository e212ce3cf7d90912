"""Variables, loads and stores, fields and elements."""

from __future__ import annotations

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower import abi, core, panics, strings
from tinybpf.compiler.lower.builder import (
    MAX_WORDS,
    Address,
    Memory,
    Operand,
    SliceValue,
    hide,
    plus,
    zero,
    zero_memory,
    zero_words,
)
from tinybpf.compiler.lower.escape import UNNAMED, variable_name
from tinybpf.compiler.lower.function import FunctionLowering, lowers
from tinybpf.compiler.lower.pointsto import CONTEXT, NIL, STRINGS, Place
from tinybpf.compiler.lower.refuse import NATIVE_STACK, STACK, STACK_HINT, LoweringFault, Poisoned, Refused
from tinybpf.compiler.lower.values import is_literal
from tinybpf.compiler.packages import EBPF

MAX_POINTERS = STACK // 8
"""The longest array of pointers that the stack can hold."""


@lowers(ssa.Alloc)
def alloc(f: FunctionLowering, instr: ssa.Alloc) -> Operand | None:
    t = f.types.elem(instr.type)
    problem = f.types.problem(t)
    if problem:
        named = instr.comment.isidentifier() and instr.comment not in UNNAMED
        raise Refused(instr.pos, f"variable {instr.comment}: {problem}" if named else problem)
    if typed.holds_map(f.types.table, t):
        raise Refused(
            instr.pos,
            f"{variable_name(instr)} is a map: maps are package variables",
            "declare it outside of functions; a function takes a pointer to it, such as *ebpf.Hash[K, V]",
        )
    if instr.id in f.zeros or instr.id in f.forwarded.unread:
        return None  # written where they are stored; known where they are loaded
    if instr.id in f.incoming:
        return f.storage(instr.id)
    size, room = f.types.size(t), NATIVE_STACK if f.m.native else STACK
    if size > room:
        who = "an initialiser" if f.m.native else "a BPF program"
        raise Refused(
            instr.pos, f"{variable_name(instr)} takes {size} bytes of stack; {who} has {room}", STACK_HINT
        )
    slot = f.storage(instr.id)
    if instr.id in f.cells:
        f.store_cell(instr.id, f.zero_wide(t))
        if f.uses.place[instr.id][0] != 0:
            f.b.at_entry(lambda: zero(f.b, slot, abi.PASSED_WIDE, 8))
        return slot
    if size and instr.id not in f.shared.values() and not _is_written_first(f, instr):
        if f.uses.place[instr.id][0] != 0 and not f.m.shown_to_kernel(f.index, instr.id):
            # LLVM would fill what is not written on every path with any register, also a pointer.
            f.b.at_entry(lambda: _zero(f, instr.id, slot, t))
        _zero(f, instr.id, slot, t)
    return slot


def _is_written_first(f: FunctionLowering, alloc: ssa.Alloc) -> bool:
    """Whether a variable is written as a whole before anything looks at it, so that no zeros are needed."""
    block, at = f.uses.place[alloc.id]
    later = [i for b, i in f.uses.of(alloc.id) if b == block and i > at]
    first = f.fn.blocks[block].instrs[min(later)] if later else None
    if isinstance(first, ssa.Store) and first.addr == alloc.id != first.value and not f.handlers:
        return True
    return f.m.written_whole(f.index, alloc)


def _zero(f: FunctionLowering, number: int, slot: str, t: int) -> None:
    scalar = f.types.is_int(t) or f.types.is_bool(t) or f.types.is_pointer(t)
    if scalar and not f.m.shown_to_kernel(f.index, f.shared.get(number, number)):
        f.b.emit(f"store {f.types.memory_ir(t)} zeroinitializer, ptr {slot}, align {f.types.align(t)}")
        return
    size, align = f.types.size(t), 8 if f.in_memory(t) else f.types.align(t)
    if f.m.shown_to_kernel(f.index, f.shared.get(number, number)) and size <= MAX_WORDS * 8:
        zero_words(f.b, slot, size)
    else:
        zero(f.b, slot, size, align)


def load(f: FunctionLowering, instr: ssa.UnOp) -> Operand | None:
    if instr.id in f.zeros:
        return None
    store = f.forwarded.loads.get(instr.id)
    if store is not None:
        if id(store) not in f.stored:
            raise Poisoned  # it was refused
        return f.stored[id(store)]
    if f.m.is_map_global(f.places(instr.x)):
        if typed.is_map(f.types.table, instr.type):
            raise Refused(
                instr.pos,
                "a map is copied: it has its place in the kernel, and the program only its address",
                "use the variable itself, or a pointer to it: m := &hits, func f(m *ebpf.Hash[K, V])",
            )
        raise Refused(
            instr.pos,
            "a map's definition is read: it is for the loader, the program has only the map's address",
            "use a constant for what both need",
        )
    if instr.x in f.cells:
        return f.load_cell(instr.x, instr.id)
    if f.types.holds_string(instr.type):
        _refuse_foreign_string(f, instr)
    if f.types.is_aggregate(instr.type) and f.is_context(instr.x) and not f.types.problem(instr.type):
        slot = f.temporary(instr.type)
        _copy_context(f, instr.x, instr.type, slot, into=False)
        return Memory(slot)
    if f.types.is_aggregate(instr.type) and _unwritten_until_used(f, instr):
        problem = f.types.problem(instr.type)
        if problem:
            raise Refused(instr.pos, problem)
        return Memory(f.reach(instr.x))
    return f.load_value(instr.type, f.reach(instr.x), instr.id)


def _refuse_foreign_string(f: FunctionLowering, instr: ssa.UnOp) -> None:
    if any(p.kind in ("kernel", "integer", "context") for p in f.places(instr.x)):
        raise Refused(
            instr.pos,
            f"a string is read from memory that is not the program's own (as {f.types.string(instr.type)}): "
            "there is none in a map value, an event, a packet or the kernel",
            "use an array such as [16]byte there, and string(x.Name[:]) to look at it",
        )


def _unwritten_until_used(f: FunctionLowering, instr: ssa.UnOp) -> bool:
    """Whether the variable itself can stand for its value: all uses come before any write."""
    block, at = f.uses.place[instr.id]
    users = f.uses.of(instr.id)
    if not users or any(b != block for b, _ in users):
        return False
    last = max(i for _, i in users)
    between = f.fn.blocks[block].instrs[at + 1 : last]
    user = f.fn.blocks[block].instrs[last]
    if isinstance(user, ssa.Call) and not _reads_only(f, instr, user):
        return False
    if isinstance(user, (ssa.Return, ssa.Phi)):
        return False
    # An Index or Field of it may hand on its address, whose users come later still.
    parts = [i for i in (*between, user) if isinstance(i, (ssa.FieldOp, ssa.Index))]
    if any(f.types.is_aggregate(p.type) for p in parts):
        return False
    return not any(isinstance(i, (ssa.Store, ssa.Call)) for i in between)


def _reads_only(f: FunctionLowering, loaded: ssa.UnOp, call: ssa.Call) -> bool:
    """Whether a call may be given a variable of this function in place of a copy of it.

    The functions of the typed package write through pointers that they are given, and to nothing else.
    """
    target = f.fn.values[call.fn] if call.fn < len(f.fn.values) else None
    if not isinstance(target, ssa.FuncRef):
        return False
    callee = f.m.doc.functions[target.index]
    mine = f.places(loaded.x)
    if callee.path != EBPF or not callee.blocks or any(p.kind != "local" for p in mine):
        return False
    return not any(mine & f.places(x) for x in call.args if x != loaded.id)


@lowers(ssa.Store)
def store(f: FunctionLowering, instr: ssa.Store) -> None:
    if id(instr) in f.forwarded.sources:
        f.stored[id(instr)] = f.scalar(instr.value)
    if instr.addr in f.forwarded.unread:
        return
    f.operand(instr.addr)  # a variable that was refused: nothing more to say of what it is given
    if instr.value in f.zeros:
        t = f.type_of(instr.value)
        align = 8 if f.fn.path == EBPF else f.types.align(t)  # a reservation is aligned
        zero_memory(f.b, f.reach(instr.addr), f.types.size(t), align)
        return
    value = f.stored.get(id(instr)) or f.operand(instr.value)
    t = f.type_of(instr.value)
    target = f.types.elem(f.type_of(instr.addr))
    if f.m.is_map_global(f.places(instr.addr)):
        raise Refused(
            instr.pos,
            f"assignment to a map: a map is changed through its {'methods' if f.m.typed else 'helpers'}",
            "call Update" if f.m.typed else "call bpf_map_update_elem",
        )
    if isinstance(value, Memory) and f.is_context(instr.addr):
        _copy_context(f, instr.addr, t, value.ptr, into=True)
        return
    if instr.addr in f.cells and isinstance(value, SliceValue):
        f.store_cell(instr.addr, value)
        return
    f.store_value(value, t if f.types.problem(t) is None else target, f.reach(instr.addr), instr.value)


def _copy_context(f: FunctionLowering, context: int, t: int, memory: str, into: bool) -> None:
    """An array or struct from the context or into it, a word at a time: each access has its own offset."""
    at, b = 0, f.b
    while at < f.types.size(t):
        step = min(8, f.types.align(t), f.types.size(t) - at)
        there, here, ir = plus(b, f.reach(context), at), plus(b, memory, at), f"i{step * 8}"
        source, target = (here, there) if into else (there, here)
        b.emit(f"store {ir} {b.value(f'load {ir}, ptr {source}, align {step}')}, ptr {target}, align {step}")
        at += step


def _check_big_endian(f: FunctionLowering, struct_type: int, field: ssa.Field) -> None:
    """Refuse the number of a system call, which kernels keep in four bytes or in eight: the first of these
    are not always the low ones."""
    if f.m.big_endian and field.name == "Nr":
        context = typed.named(f.types.table, struct_type)
        if context in ("SysEnter", "SysExit"):
            raise Refused(
                f.pos,
                f"{context}.Nr is not where Go's struct has it on a big-endian machine",
                "attach to the tracepoint of one system call",
            )


@lowers(ssa.FieldAddr)
def field_addr(f: FunctionLowering, instr: ssa.FieldAddr) -> Operand:
    struct_type = f.types.elem(f.type_of(instr.x))
    field = f.types.struct(struct_type).fields[instr.field]
    _check_big_endian(f, struct_type, field)
    address = f.address(instr.x)
    if typed.stands_for_map(f.types.table, struct_type):
        return address
    if core.is_kernel_struct(f.types, struct_type) and core.in_kernel_memory(f, instr.x):
        return core.field_address(f, struct_type, instr.field, f.materialise(address))
    return Address(address.base, address.offset + field.offset)


@lowers(ssa.FieldOp)
def field_value(f: FunctionLowering, instr: ssa.FieldOp) -> Operand:
    struct_type = f.type_of(instr.x)
    field = f.types.struct(struct_type).fields[instr.field]
    _check_big_endian(f, struct_type, field)
    operand = f.operand(instr.x)
    if not isinstance(operand, Memory):
        raise LoweringFault("a struct value is in memory")
    return _part(f, operand.ptr, field.offset, field.type, instr.id)


def _part(f: FunctionLowering, base: str, offset: int, t: int, number: int) -> Operand:
    """A part of a value in memory, which becomes value ``number``; of an aggregate it is in memory, too."""
    ptr = plus(f.b, base, offset)
    return Memory(ptr) if f.types.is_aggregate(t) else f.load_value(t, ptr, number)


@lowers(ssa.IndexAddr)
def index_addr(f: FunctionLowering, instr: ssa.IndexAddr) -> Operand:
    container = f.type_of(instr.x)
    if f.types.is_slice(container):
        return _slice_element(f, instr, container)
    array = f.types.array(f.types.elem(container))
    size = f.types.size(array.elem)
    address = f.address(instr.x)
    index = f.index64(instr.index)
    if is_literal(index) and int(index) < array.len:
        return Address(address.base, address.offset + int(index) * size)
    if CONTEXT in f.places(instr.x):
        raise Refused(instr.pos, f"variable index into {core.CONTEXT_IS_FIXED}", core.CONTEXT_HINT)
    if any(p.kind == "local" for p in f.places(instr.x)):
        used, base = _on_stack(f, instr.index, index, array.len), f.materialise(address)
        held = {p for place in f.places(instr.x) for p in f.m.points.contents(place)}
        return _stack_element(f, array.len if _addresses(f, array.elem, held) else 0, size, base, used)
    used, base = _bounded(f, instr.index, index, array.len), f.materialise(address)
    return _element(f, base, used, size)


def _bounded(f: FunctionLowering, number: int, index: str, length: int) -> str:
    """The index, below ``length`` or the program ends.

    ``i & 7``, ``i % 8``, ``i >> 29`` and ``min(i, 7)`` need no check, but LLVM must not find that they are
    superfluous: the verifier bounds the index by them.
    """
    if _is_below(f, number, index, length):
        return index
    made = f.uses.made_by.get(number)
    if isinstance(made, ssa.BinOp):
        masked = _masked(f, made, length)
        if masked is not None:
            return masked
    if isinstance(made, ssa.Call) and _is_min(f, made) and not f.types.is_signed(made.type):
        limit, other = _constant(f, made.args[1]), made.args[0]
        if limit is not None and len(made.args) == 2 and limit < length:
            x = hide(f.b, f.index64(other))
            return f.b.value(f"select i1 {f.b.value(f'icmp ult i64 {x}, {limit}')}, i64 {x}, i64 {limit}")
    return f.guard(index, str(length))


def _masked(f: FunctionLowering, made: ssa.BinOp, length: int) -> str | None:
    """An operation that leaves a number below ``length``, of an operand that LLVM knows nothing of."""
    limit, other = _constant(f, made.y), made.x
    if made.operator == "&" and limit is None:
        limit, other = _constant(f, made.x), made.y
    if limit is None:
        return None
    if made.operator == "&" and limit < length:
        return f.b.value(f"and i64 {hide(f.b, f.index64(other))}, {limit}")
    if f.types.is_signed(made.type):
        return None
    if made.operator == "%" and 0 < limit <= length and not limit & (limit - 1):
        return f.b.value(f"and i64 {hide(f.b, f.index64(other))}, {limit - 1}")
    bits = f.types.size(made.type) * 8
    if made.operator == ">>" and limit < bits and 1 << (bits - limit) <= length:
        return f.b.value(f"and i64 {hide(f.b, f.index64(made.id))}, {(1 << (bits - limit)) - 1}")
    return None


def _is_below(f: FunctionLowering, number: int, index: str, length: int) -> bool:
    """Whether the verifier needs no check to see that the index is below ``length``; Go's is made."""
    known = f.bounds.below(number)
    if known is not None and known <= length:
        return True
    if f.is_exact(number):
        f.panic_if(f.b.value(f"icmp uge i64 {index}, {length}"), panics.INDEX)
        return True
    return False


def _on_stack(f: FunctionLowering, number: int, index: str, length: int) -> str:
    return f.opaque(index) if _is_below(f, number, index, length) else f.guard(index, str(length))


def _constant(f: FunctionLowering, number: int) -> int | None:
    value = f.fn.values[number] if number < len(f.fn.values) else None
    return value.value if isinstance(value, ssa.ConstInt) and value.value >= 0 else None


def _is_min(f: FunctionLowering, call: ssa.Call) -> bool:
    target = f.fn.values[call.fn] if call.fn < len(f.fn.values) else None
    return isinstance(target, ssa.Builtin) and target.name == "min"


def _slice_element(f: FunctionLowering, instr: ssa.IndexAddr, container: int) -> Operand:
    s, size = f.slice(instr.x), f.types.size(f.types.elem(container))
    index = f.index64(instr.index)
    f.panic_if(f.b.value(f"icmp uge i64 {index}, {s.len}"), panics.INDEX)
    at = index if s.off == "0" else f.b.value(f"add i64 {s.off}, {index}")
    if not f.is_exact(instr.x, instr.index):
        at = f.guard(at, s.end)
    elif any(p.kind == "local" for p in f.places(instr.x)):
        at = f.opaque(at)
    return _stack_element(f, _pointers(f, instr, container), size, s.base, at)


def _pointers(f: FunctionLowering, instr: ssa.IndexAddr, container: int) -> int:
    """How many elements with addresses the longest array on the stack has that a slice is a part of."""
    elem, places = f.types.elem(container), f.places(instr.x) - {NIL}
    held = {p for place in places for p in f.m.points.contents(place)}
    if not _addresses(f, elem, held):
        return 0
    longest = 0
    for place in places:
        made = f.m.points.uses[place.function].made_by[place.id] if place.kind == "local" else None
        array = f.types.under(f.types.elem(made.type)) if isinstance(made, ssa.Alloc) else None
        if not isinstance(array, ssa.Array) or f.types.size(array.elem) != f.types.size(elem):
            return 0
        longest = max(longest, array.len)
    return longest


def _addresses(f: FunctionLowering, elem: int, held: set[Place]) -> bool:
    """Whether elements that lead to what is ``held`` have addresses in them."""
    return f.types.pointerful[elem] and not held <= {NIL, STRINGS}


def _element(f: FunctionLowering, base: str, index: str, size: int) -> str:
    return f.b.value(f"getelementptr inbounds [{size} x i8], ptr {base}, i64 {index}")


def _stack_element(f: FunctionLowering, pointers: int, size: int, base: str, index: str) -> str:
    """An element of an array on the stack: the verifier finds pointers there at constant offsets only.

    ``pointers`` is how many elements the array has where there are addresses in them, else 0.
    """
    b = f.b
    if not 0 < pointers <= MAX_POINTERS or is_literal(index):
        return _element(f, base, index, size)
    done, chosen = b.new_label("element"), []
    for n in range(pointers):
        if n + 1 < pointers:
            this, other = b.new_label("this"), b.new_label("other")
            b.branch(b.value(f"icmp eq i64 {index}, {n}"), this, other)
            b.start(this)
        chosen.append(f"[ {hide(b, plus(b, base, n * size), 'ptr')}, %{b.label} ]")
        b.jump(done)
        if n + 1 < pointers:
            b.start(other)
    b.start(done)
    return b.value(f"phi ptr {', '.join(chosen)}")


@lowers(ssa.Index)
def index_value(f: FunctionLowering, instr: ssa.Index) -> Operand:
    t = f.type_of(instr.x)
    problem = f.types.problem(t)
    if problem:
        raise Refused(instr.pos, problem)
    if f.types.is_string(t):
        return strings.index(f, instr)
    array = f.types.array(t)
    operand = f.operand(instr.x)
    if not isinstance(operand, Memory):
        raise LoweringFault("an array value is in memory")
    size, index = f.types.size(array.elem), f.index64(instr.index)
    if is_literal(index) and int(index) < array.len:
        return _part(f, operand.ptr, int(index) * size, array.elem, instr.id)
    count = array.len if _addresses(f, array.elem, f.places(instr.x)) else 0
    element = _stack_element(f, count, size, operand.ptr, _on_stack(f, instr.index, index, array.len))
    return _part(f, element, 0, array.elem, instr.id)
