"""The document that the front end writes: one Go package as diagnostics and typed SSA.

This module is the one description of that document. ``go/frontend/schema.json`` is
generated from it (``python -m tinybpf.compiler.ssa``); a Python test holds the file to this
module, and a Go test holds the front end's structures to the file.

Conventions

* Tables refer to each other by index: a *type index* points into ``Document.types``, a
  *function index* into ``Document.functions``, a *global index* into ``Document.globals``, a
  file index into ``Document.files``.
* Within a function every value has a number. ``Function.values`` holds the values that no
  instruction makes (parameters, captured variables, constants, names); value *i* is
  ``values[i]``. Instructions that make a value carry its number in ``id``, counted on from
  ``len(values)`` in block order. An operand is such a number.
* The SSA is that of ``golang.org/x/tools/go/ssa`` in its naive form (each variable is a cell
  made by ``Alloc``), generic functions instantiated; kinds of instruction bear its names.
* Sizes, alignments and offsets are in bytes, those of gc on amd64.
"""

# mypy: disable-error-code="misc"
# (mypy takes the subclasses of a frozen msgspec.Struct for thawed ones.)

from __future__ import annotations

from typing import Literal

import msgspec

PROTOCOL = 1


class Node(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts of the document; a field that has its default is left out."""


class Pos(Node, array_like=True):
    """A place in the source: file index, line and column (from 1; the column counts bytes)."""

    file: int
    line: int
    col: int


NO_POS = Pos(0, 0, 0)
"""Where there is no place to tell (a synthetic function)."""


# --- what is asked ------------------------------------------------------------------------


class Request(Node, omit_defaults=False):
    """What the front end reads from its standard input.

    ``dir`` is the package directory (absolute). ``files`` limits the package to these names in
    it; ``sources`` gives texts by name, which stand in for files. ``display`` is what the
    diagnostics show in place of ``dir`` (the empty string: the bare file name).
    """

    dir: str
    display: str = ""
    files: list[str] | None = None
    sources: dict[str, str] = {}
    tags: list[str] = []
    protocol: int = PROTOCOL


# --- diagnostics ----------------------------------------------------------------------------


class Diagnostic(Node):
    """One message. ``kind`` tells user errors from a fault of the front end itself."""

    pos: Pos
    message: str
    kind: Literal["error", "warning", "internal"] = "error"


class Directive(Node):
    """A comment line that speaks to the compiler, such as ``//export f``; the whole line."""

    text: str
    pos: Pos


class File(Node):
    """A source file: the path as shown, and the text as compiled."""

    path: str
    text: str
    directives: list[Directive] = []
    """Those that stand in no declaration's doc comment."""


# --- types ----------------------------------------------------------------------------------


class Basic(Node, tag_field="kind", tag="Basic"):
    """A predeclared type, ``unsafe.Pointer`` or an untyped constant's type, by its Go name."""

    string: str
    size: int
    align: int


class Named(Node, tag_field="kind", tag="Named"):
    """A defined type. ``name`` is its bare name, ``args`` the type arguments of an instance.

    ``scope`` tells types of one name apart that are declared inside functions: the name of the
    outermost function, and empty at package level.
    """

    string: str
    size: int
    align: int
    name: str
    package: str
    underlying: int
    pos: Pos = NO_POS
    args: list[int] = []
    scope: str = ""


class Pointer(Node, tag_field="kind", tag="Pointer"):
    string: str
    size: int
    align: int
    elem: int


class Array(Node, tag_field="kind", tag="Array"):
    string: str
    size: int
    align: int
    elem: int
    len: int


class Slice(Node, tag_field="kind", tag="Slice"):
    string: str
    size: int
    align: int
    elem: int


class Field(Node):
    name: str
    type: int
    offset: int
    embedded: bool = False
    tag: str = ""
    pos: Pos = NO_POS


class Struct(Node, tag_field="kind", tag="Struct"):
    string: str
    size: int
    align: int
    fields: list[Field] = []


class Tuple(Node, tag_field="kind", tag="Tuple"):
    """The results of a function that has none or several."""

    string: str
    size: int
    align: int
    types: list[int] = []


class Signature(Node, tag_field="kind", tag="Signature"):
    """A function type; a method's receiver is the first of ``params``."""

    string: str
    size: int
    align: int
    params: list[int] = []
    results: list[int] = []
    variadic: bool = False


class Foreign(Node, tag_field="kind", tag="Foreign"):
    """A type that has no form in the kernel: ``what`` is interface, map, chan or other."""

    string: str
    size: int
    align: int
    what: str


Type = Basic | Named | Pointer | Array | Slice | Struct | Tuple | Signature | Foreign


# --- values that no instruction makes ---------------------------------------------------------


class Param(Node, tag_field="kind", tag="Param"):
    name: str
    type: int
    pos: Pos = NO_POS


class FreeVar(Node, tag_field="kind", tag="FreeVar"):
    """A variable that a function literal captures; the value is the variable's address."""

    name: str
    type: int
    pos: Pos = NO_POS


class ConstInt(Node, tag_field="kind", tag="ConstInt"):
    type: int
    value: int


class ConstBool(Node, tag_field="kind", tag="ConstBool"):
    type: int
    value: bool


class ConstString(Node, tag_field="kind", tag="ConstString"):
    """The bytes of a string constant (base64 in the document)."""

    type: int
    value: bytes


class ConstFloat(Node, tag_field="kind", tag="ConstFloat"):
    """A float or complex constant, as Go prints it."""

    type: int
    value: str


class ConstNil(Node, tag_field="kind", tag="ConstNil"):
    """The zero value of a type that has no literal: nil, or an array or struct of zeros."""

    type: int


class GlobalRef(Node, tag_field="kind", tag="GlobalRef"):
    """The address of a package variable; ``type`` is a pointer type."""

    type: int
    index: int


class FuncRef(Node, tag_field="kind", tag="FuncRef"):
    type: int
    index: int


class Builtin(Node, tag_field="kind", tag="Builtin"):
    """A built-in function, by name; ``ssa:wrapnilchk`` is one of go/ssa's own."""

    type: int
    name: str


Value = (
    Param | FreeVar | ConstInt | ConstBool | ConstString | ConstFloat | ConstNil | GlobalRef | FuncRef
    | Builtin
)  # fmt: skip


# --- instructions -----------------------------------------------------------------------------


class Alloc(Node, tag_field="op", tag="Alloc"):
    """A new zeroed variable; its address. ``comment`` is the variable's name or what made it."""

    id: int
    type: int
    pos: Pos
    heap: bool = False
    comment: str = ""


class Phi(Node, tag_field="op", tag="Phi"):
    """``edges`` go with the block's ``preds``."""

    id: int
    type: int
    pos: Pos
    edges: list[int]
    comment: str = ""


class BinOp(Node, tag_field="op", tag="BinOp"):
    """``operator`` is Go's token: ``+ - * / % & | ^ << >> &^ == != < <= > >=``."""

    id: int
    type: int
    pos: Pos
    operator: str
    x: int
    y: int


class UnOp(Node, tag_field="op", tag="UnOp"):
    """``operator``: ``*`` (load), ``-``, ``!``, ``^``, ``<-`` (receive)."""

    id: int
    type: int
    pos: Pos
    operator: str
    x: int
    comma_ok: bool = False


class Call(Node, tag_field="op", tag="Call"):
    """``fn`` is the function value; for a call of an interface's ``method``, the interface."""

    id: int
    type: int
    pos: Pos
    fn: int
    args: list[int] = []
    method: str = ""


class ChangeType(Node, tag_field="op", tag="ChangeType"):
    id: int
    type: int
    pos: Pos
    x: int


class Convert(Node, tag_field="op", tag="Convert"):
    id: int
    type: int
    pos: Pos
    x: int


class MultiConvert(Node, tag_field="op", tag="MultiConvert"):
    id: int
    type: int
    pos: Pos
    x: int


class SliceToArrayPointer(Node, tag_field="op", tag="SliceToArrayPointer"):
    id: int
    type: int
    pos: Pos
    x: int


class ChangeInterface(Node, tag_field="op", tag="ChangeInterface"):
    id: int
    type: int
    pos: Pos
    x: int


class MakeInterface(Node, tag_field="op", tag="MakeInterface"):
    id: int
    type: int
    pos: Pos
    x: int


class MakeClosure(Node, tag_field="op", tag="MakeClosure"):
    """``fn`` is a ``FuncRef``; ``bindings`` are what its free variables are bound to."""

    id: int
    type: int
    pos: Pos
    fn: int
    bindings: list[int] = []


class MakeMap(Node, tag_field="op", tag="MakeMap"):
    id: int
    type: int
    pos: Pos


class MakeChan(Node, tag_field="op", tag="MakeChan"):
    id: int
    type: int
    pos: Pos


class MakeSlice(Node, tag_field="op", tag="MakeSlice"):
    id: int
    type: int
    pos: Pos
    len: int
    cap: int


class SliceOp(Node, tag_field="op", tag="Slice"):
    """``x[low:high:max]`` of a slice, a string or a pointer to an array."""

    id: int
    type: int
    pos: Pos
    x: int
    low: int | None = None
    high: int | None = None
    max: int | None = None


class FieldAddr(Node, tag_field="op", tag="FieldAddr"):
    """The address of field number ``field`` of the struct that ``x`` points to."""

    id: int
    type: int
    pos: Pos
    x: int
    field: int


class FieldOp(Node, tag_field="op", tag="Field"):
    id: int
    type: int
    pos: Pos
    x: int
    field: int


class IndexAddr(Node, tag_field="op", tag="IndexAddr"):
    """The address of an element of a slice or of the array that ``x`` points to."""

    id: int
    type: int
    pos: Pos
    x: int
    index: int


class Index(Node, tag_field="op", tag="Index"):
    """An element of an array value or a byte of a string."""

    id: int
    type: int
    pos: Pos
    x: int
    index: int


class Lookup(Node, tag_field="op", tag="Lookup"):
    id: int
    type: int
    pos: Pos
    x: int
    index: int
    comma_ok: bool = False


class Select(Node, tag_field="op", tag="Select"):
    id: int
    type: int
    pos: Pos


class Range(Node, tag_field="op", tag="Range"):
    id: int
    type: int
    pos: Pos
    x: int


class Next(Node, tag_field="op", tag="Next"):
    id: int
    type: int
    pos: Pos
    iter: int
    is_string: bool = False


class TypeAssert(Node, tag_field="op", tag="TypeAssert"):
    id: int
    type: int
    pos: Pos
    x: int
    asserted: int
    comma_ok: bool = False


class Extract(Node, tag_field="op", tag="Extract"):
    """Component ``index`` of the tuple ``tuple``."""

    id: int
    type: int
    pos: Pos
    tuple: int
    index: int


class Jump(Node, tag_field="op", tag="Jump"):
    pos: Pos


class If(Node, tag_field="op", tag="If"):
    """Goes to the block's first successor where ``cond`` holds, else to its second."""

    pos: Pos
    cond: int


class Return(Node, tag_field="op", tag="Return"):
    pos: Pos
    results: list[int] = []


class Panic(Node, tag_field="op", tag="Panic"):
    pos: Pos
    x: int


class RunDefers(Node, tag_field="op", tag="RunDefers"):
    pos: Pos


class Go(Node, tag_field="op", tag="Go"):
    pos: Pos


class Defer(Node, tag_field="op", tag="Defer"):
    pos: Pos
    fn: int
    args: list[int] = []
    method: str = ""


class Send(Node, tag_field="op", tag="Send"):
    pos: Pos


class Store(Node, tag_field="op", tag="Store"):
    pos: Pos
    addr: int
    value: int


class MapUpdate(Node, tag_field="op", tag="MapUpdate"):
    pos: Pos


Instruction = (
    Alloc | Phi | BinOp | UnOp | Call | ChangeType | Convert | MultiConvert | SliceToArrayPointer
    | ChangeInterface | MakeInterface | MakeClosure | MakeMap | MakeChan | MakeSlice | SliceOp
    | FieldAddr | FieldOp | IndexAddr | Index | Lookup | Select | Range | Next | TypeAssert | Extract
    | Jump | If | Return | Panic | RunDefers | Go | Defer | Send | Store | MapUpdate
)  # fmt: skip


# --- functions and variables ------------------------------------------------------------------


class Block(Node):
    instrs: list[Instruction]
    preds: list[int] = []
    succs: list[int] = []
    comment: str = ""


class Function(Node):
    """A function, method, instance, function literal or variable initialiser.

    ``name`` is go/ssa's, relative to the package: ``f``, ``T.M``, ``(*T).M``, ``f$1``,
    ``Max[int]``. ``initialises`` lists the globals that this function gives their values
    (only in synthetic initialisers, which stand in the table in initialisation order; ``[]``
    with ``synthetic == "initialiser"`` is that of a blank variable). ``package`` is the
    package's name. A function without blocks has no body in Go. ``values`` begins with the
    parameters (the receiver first), then the captured variables.
    """

    name: str
    package: str
    type: int
    pos: Pos
    end: Pos = NO_POS
    values: list[Value] = []
    params: int = 0
    captures: int = 0
    blocks: list[Block] = []
    directives: list[Directive] = []
    synthetic: str = ""
    parent: int | None = None
    initialises: list[int] = []
    recover: int | None = None


class Global(Node):
    """A package variable; ``type`` is the variable's own type, not that of its address."""

    name: str
    package: str
    type: int
    pos: Pos
    directives: list[Directive] = []


class Document(Node):
    """One package, or the diagnostics that tell why there is none."""

    protocol: int
    package: str = ""
    go: str = ""
    """The language version in force, such as ``go1.27``."""
    files: list[File] = []
    diagnostics: list[Diagnostic] = []
    types: list[Type] = []
    globals: list[Global] = []
    functions: list[Function] = []


def schema() -> bytes:
    """The JSON schema of ``Request`` and ``Document``, as ``go/frontend/schema.json`` has it."""
    import inspect  # slow to import, and needed here only

    _, components = msgspec.json.schema_components((Request, Document), ref_template="#/$defs/{name}")
    for component in components.values():
        if "description" in component:  # Python 3.13 takes the indentation out of docstrings itself
            component["description"] = inspect.cleandoc(component["description"])
    encoded = msgspec.json.encode({"$defs": components}, order="sorted")
    return msgspec.json.format(encoded, indent=1) + b"\n"


if __name__ == "__main__":
    import sys

    sys.stdout.buffer.write(schema())
