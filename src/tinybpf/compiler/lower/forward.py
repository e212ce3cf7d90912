"""Loads of variables whose value is known where they stand, so that it needs no memory.

go/ssa keeps each variable in memory, and LLVM takes it out of there; of a large module these are a quarter
of the text. Only what is loaded and stored, and nothing else, counts: nobody has the address of such a
variable.
"""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.lower.walk import Uses
from tinybpf.compiler.resolve import ops


class Forwarded:
    """The loads of one function that need no memory, and the variables that therefore need none."""

    def __init__(self, fn: ssa.Function, uses: Uses, types: Types, zeros: set[int]) -> None:
        self.loads: dict[int, ssa.Store] = {}
        """By load: what stored the value that it gives."""
        self.sources: set[int] = set()
        """The stores among these, by identity."""
        self.unread: set[int] = set()
        """The variables that nothing loads from memory."""
        self._fn = fn
        self._uses = uses
        self._panics_go_on = bool(ops.handlers(fn))
        for number, made in uses.made_by.items():
            if isinstance(made, ssa.Alloc) and _is_scalar(types, types.elem(made.type)):
                self._variable(number, zeros)

    def _variable(self, variable: int, zeros: set[int]) -> None:
        stores: dict[tuple[int, int], ssa.Store] = {}
        loads: dict[tuple[int, int], int] = {}
        for place in self._uses.of(variable):
            user = self._fn.blocks[place[0]].instrs[place[1]]
            if isinstance(user, ssa.Store) and user.value != variable and user.value not in zeros:
                stores[place] = user
            elif isinstance(user, ssa.UnOp) and user.operator == "*":
                loads[place] = user.id
            else:
                return
        once = self._assigned_once(variable, stores)
        for (block, at), load in loads.items():
            before = [i for b, i in stores if b == block and i < at]
            if before:
                self.loads[load] = stores[block, max(before)]
            elif once is not None:
                self.loads[load] = once
        if all(load in self.loads for load in loads.values()):
            self.unread.add(variable)
        self.sources.update(id(self.loads[load]) for load in loads.values() if load in self.loads)

    def _assigned_once(self, variable: int, stores: dict[tuple[int, int], ssa.Store]) -> ssa.Store | None:
        """What stores the value of a variable that is given one right where it is made, and never again.

        Where panics go on in this function they may come between.
        """
        if len(stores) != 1 or self._panics_go_on:
            return None
        ((place, store),) = stores.items()
        made = self._uses.place[variable]
        if made[0] != place[0] or made[1] > place[1]:
            return None
        before = any(b == place[0] and made[1] < i < place[1] for b, i in self._uses.of(variable))
        return None if before else store


def _is_scalar(types: Types, t: int) -> bool:
    return types.problem(t) is None and (types.is_int(t) or types.is_bool(t) or types.is_pointer(t))
