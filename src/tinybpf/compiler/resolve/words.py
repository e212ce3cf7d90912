"""Words that several messages share."""

from __future__ import annotations

UNKNOWN_HINT = "assign it where the compiler can follow it: a variable, a field, a parameter"
DYNAMIC_HINT = (
    "make the function generic over the type (func f[T I](x T)), or switch over a number that tells which "
    "it is"
)
