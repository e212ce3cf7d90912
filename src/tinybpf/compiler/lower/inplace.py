"""Values that need no memory of their own.

* go/ssa builds ``v := T{…}`` in a temporary and copies it to the variable. Where nothing looks at
  the variable before the copy, the temporary is the variable.
* It copies each parameter to a variable. Where the function only reads that, the memory in which the
  argument came is the variable.
* ``*p = *new(T)`` makes zeros to copy them; here they are written where they go.
"""

from __future__ import annotations

from collections.abc import Mapping

from tinybpf.compiler import ssa
from tinybpf.compiler.kernel.helpers import Helper
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.lower.walk import Uses


def same_storage(fn: ssa.Function, uses: Uses) -> dict[int, int]:
    """By temporary ``Alloc``: the variable's ``Alloc`` whose storage it shares."""
    found: dict[int, int] = {}
    for b, block in enumerate(fn.blocks):
        for i, instr in enumerate(block.instrs):
            if type(instr) is ssa.Store and i:
                temporary = _temporary(block.instrs[i - 1], instr, uses)
                if temporary is not None and _movable(fn, uses, temporary, instr.addr, (b, i)):
                    found[temporary] = instr.addr
    return found


def _temporary(before: ssa.Instruction, store: ssa.Store, uses: Uses) -> int | None:
    """The temporary whose whole value the instruction before the store has loaded for it."""
    if not isinstance(before, ssa.UnOp) or before.operator != "*" or before.id != store.value:
        return None
    made = uses.made_by.get(before.x)
    return before.x if isinstance(made, ssa.Alloc) and len(uses.of(before.id)) == 1 else None


def _movable(fn: ssa.Function, uses: Uses, temporary: int, variable: int, store: tuple[int, int]) -> bool:
    made = uses.made_by.get(variable)
    if not isinstance(made, ssa.Alloc) or variable == temporary or made.type != uses.type_of[temporary]:
        return False
    block, at = store
    if uses.place[variable][0] != block or uses.place[temporary][0] != block:
        return False
    if any(b == block and i < at for b, i in uses.of(variable)):
        return False
    return all(
        b == block and i < at and _builds(fn.blocks[b].instrs[i], temporary) for b, i in uses.of(temporary)
    )


def _builds(instr: ssa.Instruction, temporary: int) -> bool:
    if isinstance(instr, ssa.Store):
        return instr.addr == temporary and instr.value != temporary
    return isinstance(instr, (ssa.FieldAddr, ssa.IndexAddr)) or (
        isinstance(instr, ssa.UnOp) and instr.x == temporary
    )


def read_only_parameters(
    fn: ssa.Function, uses: Uses, types: Types, helpers: Mapping[int, Helper]
) -> dict[int, int]:
    """By the ``Alloc`` of its variable: an array or struct parameter that the function only reads."""
    found: dict[int, int] = {}
    for number in range(fn.params):
        if not types.is_aggregate(uses.type_of[number]):
            continue
        users = [fn.blocks[b].instrs[i] for b, i in uses.of(number)]
        if len(users) == 1 and isinstance(users[0], ssa.Store) and users[0].value == number:
            variable = users[0].addr
            if isinstance(uses.made_by.get(variable), ssa.Alloc) and _only_read(
                fn, uses, helpers, variable, users[0]
            ):
                found[variable] = number
    return found


def _only_read(
    fn: ssa.Function, uses: Uses, helpers: Mapping[int, Helper], address: int, first: ssa.Store | None
) -> bool:
    for b, i in uses.of(address):
        user = fn.blocks[b].instrs[i]
        if user is first or isinstance(user, ssa.UnOp):
            continue
        if isinstance(user, (ssa.FieldAddr, ssa.IndexAddr, ssa.Convert, ssa.ChangeType)):
            if not _only_read(fn, uses, helpers, user.id, None):
                return False
        elif not (isinstance(user, ssa.Call) and _reads(fn, helpers, user, address)):
            return False
    return True


def _reads(fn: ssa.Function, helpers: Mapping[int, Helper], call: ssa.Call, address: int) -> bool:
    target = fn.values[call.fn] if call.fn < len(fn.values) else None
    helper = helpers.get(target.index) if isinstance(target, ssa.FuncRef) else None
    if helper is None or len(call.args) > len(helper.args):
        return False
    return all(helper.args[n].kind == "const_ptr" for n, x in enumerate(call.args) if x == address)


def zeros_to_store(fn: ssa.Function, uses: Uses) -> set[int]:
    """The ``Alloc`` of each ``new`` that is only made for its zeros to be stored, and the load of these."""
    found: set[int] = set()
    for block in fn.blocks:
        for instr in block.instrs:
            if type(instr) is not ssa.Alloc or instr.comment != "new":
                continue
            load = _only_user(fn, uses, instr.id)
            store = _only_user(fn, uses, load.id) if isinstance(load, ssa.UnOp) else None
            if isinstance(load, ssa.UnOp) and isinstance(store, ssa.Store) and store.value == load.id:
                found |= {instr.id, load.id}
    return found


def _only_user(fn: ssa.Function, uses: Uses, number: int) -> ssa.Instruction | None:
    users = uses.of(number)
    return fn.blocks[users[0][0]].instrs[users[0][1]] if len(users) == 1 else None
