"""One module for each part of the language; importing this package registers their rules.

A feature that others build on (``core``, ``control``, ``aggregates``) can be left out as well.
"""

from __future__ import annotations

from . import (
    aggregates,
    appending,
    atomics,
    builtins,
    closures,
    constants,
    control,
    core,
    defers,
    functions,
    generics,
    interfaces,
    iterators,
    methods,
    pointers,
    sharing,
    shifts,
    slicing,
    standard,
    texts,
    unsafety,
)

MODULES = (
    core, constants, control, shifts, aggregates, pointers, slicing, builtins, sharing, functions, methods,
    generics, atomics, unsafety, standard, closures, iterators, defers, interfaces,
    appending, texts,
)  # fmt: skip

NAMES = tuple(m.__name__.rpartition(".")[2] for m in MODULES)
