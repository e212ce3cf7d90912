"""Go source as the front end's document, for the parts of the lowering by themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tinybpf.compiler import frontend, ssa
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.project import resolve

HEAD = 'package main\n\nimport "unsafe"\n\nvar _ unsafe.Pointer\n'


class Package:
    """A document and its types, asked by name."""

    def __init__(self, source: str) -> None:
        self.doc = frontend.run(resolve(HEAD + source).request())
        assert not self.doc.diagnostics, self.doc.diagnostics
        self.types = Types(self.doc.types)

    def function(self, name: str) -> int:
        return next(i for i, fn in enumerate(self.doc.functions) if fn.name == name)

    def global_(self, name: str) -> int:
        return next(i for i, g in enumerate(self.doc.globals) if g.name == name)

    def type(self, variable: str) -> int:
        """The type of a package variable."""
        return self.doc.globals[self.global_(variable)].type

    def variable(self, function: str, name: str) -> ssa.Alloc:
        """A local variable, a parameter's own copy among them."""
        fn = self.doc.functions[self.function(function)]
        return next(i for b in fn.blocks for i in b.instrs if isinstance(i, ssa.Alloc) and i.comment == name)


@pytest.fixture(scope="session")
def package() -> Callable[[str], Package]:
    return Package
