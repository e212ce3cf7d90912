"""docs/reference: each public name is on one page of it, with a docstring, and so is all that it has."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import tinybpf
from tinybpf import compiler, errors, features, libbpf

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "reference").glob("*.rst"))
FIXTURES = ["tinybpf.testing.bpf_compile", "tinybpf.testing.bpf_object", "tinybpf.testing.test_run"]


def documented(text: str) -> list[str]:
    """The full names of what a page has autodoc document."""
    module, found = "", []
    for kind, name in re.findall(r"^\.\. (\w+):: (\S+)$", text, re.M):
        if kind == "currentmodule":
            module = name
        elif kind.startswith("auto") and kind != "automodule":
            found.append(name if name.startswith("tinybpf.") else f"{module}.{name}")
    return found


def resolve(name: str) -> Any:
    module, _, leaf = name.rpartition(".")
    return getattr(importlib.import_module(module), leaf)


NAMES = [name for page in PAGES for name in documented(page.read_text())]
OBJECTS = {name: resolve(name) for name in NAMES}
KINDS = [cls for cls in OBJECTS.values() if inspect.isclass(cls) and issubclass(cls, libbpf.BpfMap)]


def public() -> dict[str, Any]:
    found = {f"tinybpf.{name}": getattr(tinybpf, name) for name in tinybpf.__all__ if name != "features"}
    for module in (libbpf, features, compiler):
        found |= {f"{module.__name__}.{name}": getattr(module, name) for name in module.__all__}
    found |= {
        f"tinybpf.errors.{name}": cls for name, cls in vars(errors).items() if is_ours(name, cls, "errors")
    }
    return found


def is_ours(name: str, found: Any, module: str) -> bool:
    return inspect.isclass(found) and not name.startswith("_") and found.__module__ == f"tinybpf.{module}"


def test_nothing_is_there_twice():
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []
    classes = [found for found in OBJECTS.values() if inspect.isclass(found)]
    assert len(classes) == len(set(classes)) > 60


@pytest.mark.parametrize("name", sorted(public()))
def test_a_public_name_is_on_one_page(name):
    found, leaf = public()[name], name.rpartition(".")[2]
    same = [other for other in NAMES if other.rpartition(".")[2] == leaf and OBJECTS[other] is found]
    assert len(same) == 1
    assert not name.startswith("tinybpf.") or name.count(".") > 1 or same == [name]


def test_the_fixtures_are_there():
    assert set(FIXTURES) <= set(NAMES)


def test_every_page_is_linked():
    index = (ROOT / "docs" / "reference" / "index.rst").read_text()
    assert re.findall(r"^   (\w+)$", index, re.M) and sorted(
        re.findall(r"^   (\w+)$", index, re.M)
    ) == sorted(page.stem for page in PAGES if page.stem != "index")
    listed = re.findall(r"^([\w/.-]+)$", (ROOT / "docs" / "index.md").read_text(), re.M)
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages <= set(listed)


@pytest.mark.parametrize("name", sorted(name for name, found in OBJECTS.items() if callable(found)))
def test_what_it_has_is_documented(name):
    found = OBJECTS[name]
    text = found.__doc__ or ""
    assert text.strip() and not text.startswith(f"{name.rpartition('.')[2]}("), "no docstring"
    if not inspect.isclass(found):
        return
    for member in dir(found):
        if member.startswith("_") or is_foreign(found, member):
            continue
        # Kinds of maps do or refuse what BpfMap says.
        owner = libbpf.BpfMap if found in KINDS and hasattr(libbpf.BpfMap, member) else found
        value = inspect.getattr_static(owner, member)
        if isinstance(value, (property, staticmethod, classmethod)) or inspect.isfunction(value):
            assert (inspect.getdoc(getattr(owner, member)) or "").strip(), f"{member} has no docstring"


def is_foreign(cls: type, member: str) -> bool:
    """Whether a member comes from a base that is not tinybpf's, such as that of an enum."""
    owner = next(base for base in cls.__mro__ if member in vars(base))
    return not owner.__module__.startswith("tinybpf")
