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
    diagnostics show in place of ``dir`` (the empty string: the bare file name). ``packages`` are
    those that the compiler provides: import path to directory.
    """

    dir: str
    display: str = ""
    files: list[str] | None = None
    sources: dict[str, str] = {}
    tags: list[str] = []
    packages: dict[str, str] = {}
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
    """A source file: the path as shown, and the text as compiled.

    Of a package that the compiler provides the text has the lines that the program needs; the
    others are empty.
    """

    path: str
    text: str
    directives: list[Directive] = []
    """Those that stand in no declaration's doc comment."""


# --- types ----------------------------------------------------------------------------------


class Described(Node, tag_field="kind"):
    """A type, as Go prints it."""

    string: str
    size: int
    align: int


class Basic(Described, tag="Basic"):
    """A predeclared type, ``unsafe.Pointer`` or an untyped constant's type, by its Go name."""


class Constant(Node):
    """A constant of the package, of a named integer type."""

    name: str
    value: int


class Named(Described, tag="Named"):
    """A defined type. ``name`` is its bare name, ``args`` the type arguments of an instance.

    ``path`` is the import path of its package, empty for the package that is compiled;
    ``constants`` the package's constants of exactly this integer type.

    ``scope`` tells types of one name apart that are declared inside functions: the name of the
    outermost function, and empty at package level.
    """

    name: str
    package: str
    underlying: int
    pos: Pos = NO_POS
    args: list[int] = []
    scope: str = ""
    path: str = ""
    constants: list[Constant] = []


class Pointer(Described, tag="Pointer"):
    elem: int


class Array(Described, tag="Array"):
    elem: int
    len: int


class Slice(Described, tag="Slice"):
    elem: int


class Field(Node):
    name: str
    type: int
    offset: int
    embedded: bool = False
    tag: str = ""
    pos: Pos = NO_POS


class Struct(Described, tag="Struct"):
    fields: list[Field] = []


class Tuple(Described, tag="Tuple"):
    """The results of a function that has none or several."""

    types: list[int] = []


class Signature(Described, tag="Signature"):
    """A function type; a method's receiver is the first of ``params``."""

    params: list[int] = []
    results: list[int] = []
    variadic: bool = False


class Foreign(Described, tag="Foreign"):
    """A type that has no form in the kernel: ``what`` is interface, map, chan or other."""

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


class Done(Node, tag_field="op"):
    """An instruction that makes no value."""

    pos: Pos


class Made(Node, tag_field="op"):
    """An instruction that makes a value: the value's number and type."""

    id: int
    type: int
    pos: Pos


class Unary(Made):
    x: int


class Alloc(Made, tag="Alloc"):
    """A new zeroed variable; its address. ``comment`` is the variable's name or what made it."""

    heap: bool = False
    comment: str = ""


class Phi(Made, tag="Phi"):
    """``edges`` go with the block's ``preds``."""

    edges: list[int]
    comment: str = ""


class BinOp(Made, tag="BinOp"):
    """``operator`` is Go's token: ``+ - * / % & | ^ << >> &^ == != < <= > >=``."""

    operator: str
    x: int
    y: int


class UnOp(Made, tag="UnOp"):
    """``operator``: ``*`` (load), ``-``, ``!``, ``^``, ``<-`` (receive)."""

    operator: str
    x: int
    comma_ok: bool = False


class Call(Made, tag="Call"):
    """``fn`` is the function value; for a call of an interface's ``method``, the interface."""

    fn: int
    args: list[int] = []
    method: str = ""


class ChangeType(Unary, tag="ChangeType"):
    pass


class Convert(Unary, tag="Convert"):
    pass


class MultiConvert(Unary, tag="MultiConvert"):
    pass


class SliceToArrayPointer(Unary, tag="SliceToArrayPointer"):
    pass


class ChangeInterface(Unary, tag="ChangeInterface"):
    pass


class MakeInterface(Unary, tag="MakeInterface"):
    pass


class MakeClosure(Made, tag="MakeClosure"):
    """``fn`` is a ``FuncRef``; ``bindings`` are what its free variables are bound to."""

    fn: int
    bindings: list[int] = []


class MakeMap(Made, tag="MakeMap"):
    pass


class MakeChan(Made, tag="MakeChan"):
    pass


class MakeSlice(Made, tag="MakeSlice"):
    len: int
    cap: int


class SliceOp(Unary, tag="Slice"):
    """``x[low:high:max]`` of a slice, a string or a pointer to an array."""

    low: int | None = None
    high: int | None = None
    max: int | None = None


class FieldAddr(Unary, tag="FieldAddr"):
    """The address of field number ``field`` of the struct that ``x`` points to."""

    field: int


class FieldOp(Unary, tag="Field"):
    field: int


class IndexAddr(Unary, tag="IndexAddr"):
    """The address of an element of a slice or of the array that ``x`` points to."""

    index: int


class Index(Unary, tag="Index"):
    """An element of an array value or a byte of a string."""

    index: int


class Lookup(Unary, tag="Lookup"):
    index: int
    comma_ok: bool = False


class Select(Made, tag="Select"):
    pass


class Range(Unary, tag="Range"):
    pass


class Next(Made, tag="Next"):
    iter: int
    is_string: bool = False


class TypeAssert(Unary, tag="TypeAssert"):
    asserted: int
    comma_ok: bool = False


class Extract(Made, tag="Extract"):
    """Component ``index`` of the tuple ``tuple``."""

    tuple: int
    index: int


class Jump(Done, tag="Jump"):
    pass


class If(Done, tag="If"):
    """Goes to the block's first successor where ``cond`` holds, else to its second."""

    cond: int


class Return(Done, tag="Return"):
    results: list[int] = []


class Panic(Done, tag="Panic"):
    x: int


class RunDefers(Done, tag="RunDefers"):
    pass


class Go(Done, tag="Go"):
    pass


class Defer(Done, tag="Defer"):
    fn: int
    args: list[int] = []
    method: str = ""


class Send(Done, tag="Send"):
    pass


class Store(Done, tag="Store"):
    addr: int
    value: int


class MapUpdate(Done, tag="MapUpdate"):
    pass


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

    ``name`` is go/ssa's, relative to its own package: ``f``, ``T.M``, ``(*T).M``, ``f$1``,
    ``Max[int]``, ``(*hash[Key, ebpf.Ktime]).Lookup`` (type arguments as in messages).
    ``initialises`` lists the globals that this function gives their values
    (only in synthetic initialisers, which stand in the table in initialisation order, each
    ``func init`` of a package behind that package's; ``[]`` with ``synthetic == "initialiser"``
    is that of a blank variable). ``package`` is the package's name, ``path`` its import path,
    empty in the root package. A function without blocks has no body in Go. ``values`` begins
    with the parameters (the receiver first), then the captured variables.
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
    path: str = ""


class Global(Node):
    """A package variable; ``type`` is the variable's own type, not that of its address."""

    name: str
    package: str
    type: int
    pos: Pos
    directives: list[Directive] = []
    path: str = ""


class Method(Node):
    """A method by its name, and the function with the receiver as its first parameter."""

    name: str
    function: int


class Dynamic(Node):
    """A concrete type that a function makes an interface of.

    ``methods`` are those of the type's method set whose names are called by way of some interface;
    ``implements`` the interface types of the table that the type implements; ``comparable``: ``==`` of
    two interfaces that hold it does not panic (but for what the interfaces in it hold).
    """

    type: int
    methods: list[Method] = []
    implements: list[int] = []
    comparable: bool = False


class Document(Node):
    """One package, the root, or the diagnostics that tell why there is none.

    Of the packages that it imports there is what the root's functions and variables lead to, and
    the files that this comes from, behind the root's.
    """

    protocol: int
    package: str = ""
    go: str = ""
    """The language version in force, such as ``go1.27``."""
    files: list[File] = []
    diagnostics: list[Diagnostic] = []
    types: list[Type] = []
    globals: list[Global] = []
    functions: list[Function] = []
    dynamic: list[Dynamic] = []


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
