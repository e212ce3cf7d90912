"""How Sphinx makes the pages (`make docs`), from the whole repository, so that links between pages hold."""

from __future__ import annotations

import builtins
import dataclasses
import re
import sys
from pathlib import Path
from typing import Any

import tinybpf

project = "tinybpf"
version = release = tinybpf.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "docs/**",
    "examples/README.md",
    "examples/*/README.md",
    "benchmarks/README.md",
]
exclude_patterns = [
    "build",
    "csrc",
    "dist",
    "fuzz",
    "go",
    "src",
    "tests",
    "third_party",
    "tools",
    "vm-tests",
    ".*",
]

nitpicky = True
default_role = "py:obj"  # `name` in a docstring is one of tinybpf's; all else stands in double backticks
myst_heading_anchors = 4

autodoc_default_options = {
    "undoc-members": True,
    "inherited-members": "Exception, Enum, int, str, tuple, Mapping, Sequence, Iterator",
}
autodoc_preserve_defaults = True
autodoc_member_order = "groupwise"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90

html_theme = "furo"
html_title = f"tinybpf {release}"
html_copy_source = False
html_additional_pages = {"index": "first.html"}
templates_path = ["templates"]

HOMES_OF_DATA = ("tinybpf.libbpf.enums", "tinybpf.libbpf.features")
"""Where public constants are defined."""

MADE_BY_USERS = ("BpfRingBuffer", "BpfPerfBuffer")
"""Classes with a constructor for users, besides exceptions and dataclasses."""


def setup(app: Any) -> None:
    app.connect("source-read", link_folders)
    app.connect("autodoc-process-signature", hide_constructor)
    app.connect("autodoc-process-docstring", describe_data)
    app.connect("doctree-read", leave_foreign_names)
    app.connect("missing-reference", look_at_home)


def link_folders(app: Any, page: str, source: list[str]) -> None:
    """A link to a folder leads to its README; to one without, it is only words."""
    here = Path(app.srcdir, page).parent

    def replaced(found: re.Match[str]) -> str:
        words, path = found.groups()
        target = here / path
        if not target.is_dir():
            return found[0]
        return f"[{words}]({path}/README.md)" if (target / "README.md").is_file() else words

    source[0] = re.sub(r"\[([^]\n]+)\]\(([\w./-]+)\)", replaced, source[0])


def hide_constructor(
    app: Any, what: str, name: str, found: Any, options: Any, signature: str | None, result: str | None
) -> tuple[str | None, str | None] | None:
    """Objects that tinybpf makes have a constructor that is none of the user's business."""
    if what != "class" or dataclasses.is_dataclass(found) or name.rpartition(".")[2] in MADE_BY_USERS:
        return None
    return "", None


def describe_data(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """A constant has the docstring below it, wherever it is defined, and not that of its type."""
    if lines and lines[0].startswith("Alias for field number"):
        lines.clear()
    if what != "data":
        return
    from sphinx.pycode import ModuleAnalyzer

    leaf = name.rpartition(".")[2]
    docs = [ModuleAnalyzer.for_module(home).find_attr_docs() for home in HOMES_OF_DATA]
    lines[:] = next((found["", leaf] for found in docs if ("", leaf) in found), [])


def leave_foreign_names(app: Any, tree: Any) -> None:
    """Names of Python's own library, of type variables and of NumPy in a signature lead nowhere."""
    from sphinx import addnodes
    from sphinx.util.nodes import find_pending_xref_condition

    for node in list(tree.findall(addnodes.pending_xref)):
        target = node["reftarget"]
        if node.get("reftype") in ("class", "obj", "exc") and is_foreign(target):
            short = find_pending_xref_condition(node, "resolved")
            node.replace_self((short or node).children)


def is_foreign(name: str) -> bool:
    first, _, last = name.partition(".")
    return (
        (not last and hasattr(builtins, name))
        or first in sys.stdlib_module_names
        or first in ("numpy", "pytest")
        or len(name.rpartition(".")[2]) == 1
    )


def look_at_home(app: Any, env: Any, node: Any, content: Any) -> Any:
    """A docstring of any module may name what `tinybpf` itself has."""
    if node.get("refdomain") != "py":
        return None
    node["py:module"] = "tinybpf"
    place = node["refdoc"], app.builder, node["reftype"], node["reftarget"]
    return env.domains["py"].resolve_xref(env, *place, node, content)
