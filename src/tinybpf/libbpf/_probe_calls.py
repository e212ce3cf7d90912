"""How a helper function is tried: a program that calls it, and what the verifier says of the call."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from tinybpf.libbpf import _since
from tinybpf.libbpf._probe import WORKS, Feature, Finding, ProgramFeature, State
from tinybpf.libbpf.enums import BpfProgType

_NO_NUMBER = re.compile(r"^invalid func ", re.M)
_NOT_HERE = re.compile(
    r"^(?:unknown func |program of this type cannot use helper |helper call is not allowed in probe)", re.M
)
_ANY = ProgramFeature("socket", "3.19", type=BpfProgType.SOCKET_FILTER)
_CALL, _RETURN_0 = 0x85, bytes.fromhex("b7000000000000009500000000000000")


@dataclass(frozen=True)
class HelperFeature(Feature):
    """A helper function: whether programs of a kind may call it or, without ``program``, whether the
    kernel knows it at all."""

    number: int = 0
    program: ProgramFeature | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The capabilities that a program which calls it takes."""
        return (self.program or _ANY).needs

    def _try(self) -> Finding:
        kind = self.program or _ANY
        call = bytes([_CALL, 0, 0, 0]) + self.number.to_bytes(4, sys.byteorder)
        found = kind.attempt(call + _RETURN_0)
        if isinstance(found, Finding):
            return found
        result, log = found
        if result >= 0:
            return self._finding(result)
        if _NO_NUMBER.search(log):
            return Finding(State.MISSING, -result, self.missing_reason(-result))
        if _NOT_HERE.search(log):
            if self.program is None:
                return WORKS
            return Finding(State.MISSING, -result, self._not_here(kind))
        # Whatever else the verifier says, it has looked at the helper's arguments.
        return WORKS if log.strip() else kind._finding(result)

    def _not_here(self, kind: ProgramFeature) -> str:
        fact = _since.helper(self.number, self.name)
        absent = fact.absence() if fact else None
        return absent or f"programs of section {kind.name} cannot call it in this kernel"
