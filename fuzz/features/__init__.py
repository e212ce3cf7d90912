"""One module for each part of the language; importing this package registers their rules.

A feature that others build on (``core``, ``control``, ``aggregates``) can be left out as well.
"""

from __future__ import annotations

from . import (
    aggregates,
    atomics,
    builtins,
    constants,
    control,
    core,
    functions,
    generics,
    methods,
    pointers,
    sharing,
    shifts,
    slicing,
    unsafety,
)

MODULES = (
    core, constants, control, shifts, aggregates, pointers, slicing, builtins, sharing, functions, methods,
    generics, atomics, unsafety,
)  # fmt: skip
NAMES = tuple(m.__name__.rpartition(".")[2] for m in MODULES)
