"""Debug metadata: what LLVM turns into BTF and line information.

Predeclared Go types are typedefs of the C types of the same width (``uint32`` of ``unsigned
int``), so that a header made from the BTF compiles; ``int``, whose name C has taken, is ``long``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.abi import Arguments
from tinybpf.compiler.lower.names import Names, legal, qualified
from tinybpf.compiler.lower.types import INT_BITS, Types
from tinybpf.compiler.packages import ATOMIC, is_ours

C_INTS = {
    ("int8"): ("signed char", "DW_ATE_signed_char"),
    ("uint8"): ("unsigned char", "DW_ATE_unsigned_char"),
    ("int16"): ("short", "DW_ATE_signed"),
    ("uint16"): ("unsigned short", "DW_ATE_unsigned"),
    ("int32"): ("int", "DW_ATE_signed"),
    ("uint32"): ("unsigned int", "DW_ATE_unsigned"),
    ("int64"): ("long", "DW_ATE_signed"),
    ("uint64"): ("unsigned long", "DW_ATE_unsigned"),
    ("int"): ("long", "DW_ATE_signed"),
    ("uint"): ("unsigned long", "DW_ATE_unsigned"),
    ("uintptr"): ("unsigned long", "DW_ATE_unsigned"),
}

C_MEMBERS = {"in_addr": ("s_addr", "__be32"), "in6_addr": ("u6_addr8", "bytes")}
"""The one member of a struct that the kernel declares otherwise than package ebpf, and its type."""

MAX_COLUMN = 1023  # BTF has ten bits for it


def _seen_from(path: str, directory: str) -> str:
    """A file's path from the package's directory, so that an object does not tell where it was compiled."""
    if is_ours(path.rpartition("/")[0]):
        return path
    return os.path.relpath(path, directory or ".")


class MapField(msgspec.Struct, frozen=True):
    """One member of a map's definition: a number, or a type to point at."""

    name: str
    number: int | None = None
    type: str | None = None


class DebugInfo:
    """The metadata of one module; nodes are made when first asked for."""

    def __init__(self, doc: ssa.Document, types: Types, directory: str = "") -> None:
        """``directory`` is the package's, as the files' paths have it."""
        self.doc = doc
        self.paths = [_seen_from(f.path, directory) for f in doc.files]
        self.types = types
        self.nodes: list[str] = []
        self._ids: dict[str, str] = {}
        self._types: dict[int, str] = {}
        self._in_files: dict[tuple[str, int], str] = {}
        self._locations: dict[tuple[str, ssa.Pos], str] = {}
        self._names = Names()
        self._files = [self._file(path) for path in self.paths] or [
            self.node('!DIFile(filename: "none", directory: "")')
        ]
        self.globals: list[str] = []
        self.circular = False
        """Whether a type leads back to itself: of such, LLVM would not find that two are the same."""
        self.unit = self.reserve()

    # nodes

    def node(self, text: str) -> str:
        """A uniqued node: the same text gives the same node."""
        known = self._ids.get(text)
        if known is None:
            known = self._ids[text] = self.distinct(text)
        return known

    def distinct(self, text: str) -> str:
        self.nodes.append(text)
        return f"!{len(self.nodes) - 1}"

    def reserve(self) -> str:
        return self.distinct("")

    def fill(self, name: str, text: str) -> None:
        self.nodes[int(name[1:])] = text

    def node_list(self, items: Sequence[str]) -> str:
        return self.node("!{" + ", ".join(items) + "}")

    # files and places

    def _file(self, path: str) -> str:
        # With a text, or else LLVM would look for the file; ``btf_lines`` has the true one.
        return self.node(f'!DIFile(filename: "{escape(path)}", directory: "", source: "")')

    def texts(self) -> dict[str, str]:
        """The files' texts, by the paths that they have in the object."""
        return dict(zip(self.paths, (f.text for f in self.doc.files), strict=True))

    def file(self, pos: ssa.Pos) -> str:
        return self._files[pos.file]

    def location(self, pos: ssa.Pos, scope: str) -> str:
        """The ``!dbg`` suffix of an instruction."""
        key = (scope, pos)
        known = self._locations.get(key)
        if known is None:
            column = min(pos.col, MAX_COLUMN)
            node = self.distinct(f"!DILocation(line: {pos.line}, column: {column}, scope: {scope})")
            known = self._locations[key] = f", !dbg {node}"
        return known

    def in_file(self, scope: str, file: int) -> str:
        """The scope of code from another file that was written into a function."""
        key = (scope, file)
        known = self._in_files.get(key)
        if known is None:
            at = self.file(ssa.Pos(file, 1, 1))
            known = self._in_files[key] = self.distinct(
                f"!DILexicalBlockFile(scope: {scope}, file: {at}, discriminator: 0)"
            )
        return known

    # types

    def type(self, index: int) -> str:
        known = self._types.get(index)
        if known is None:
            known = self._types[index] = self.reserve()
            self.fill(known, self._describe(index))
        elif not self.nodes[int(known[1:])]:
            self.circular = True
        return known

    def type_name(self, index: int) -> str:
        """The name of a defined type in BTF."""
        t = self.types[index]
        assert isinstance(t, ssa.Named)
        args = [self._argument_name(a) for a in t.args]
        known = typed.c_struct(t)
        if known:
            return known
        wanted = "_".join([qualified(t), *args])
        return self._names.give(index, wanted)

    def _argument_name(self, index: int) -> str:
        t = self.types[index]
        return self.type_name(index) if isinstance(t, ssa.Named) else legal(t.string)

    def _describe(self, index: int) -> str:
        t = self.types[index]
        if isinstance(t, ssa.Named):
            return self._named(index, t)
        if isinstance(t, ssa.Basic):
            return self._basic(t)
        if isinstance(t, ssa.Pointer):
            pointee = self.type(t.elem) if self.types.problem(t.elem) is None else "null"
            return pointer_to(pointee)
        if isinstance(t, ssa.Array):
            return self._array(self.type(t.elem), t.len, t.size)
        if isinstance(t, ssa.Struct):
            return self._struct("", ssa.NO_POS, t)
        if isinstance(t, ssa.Slice):
            return self._slice(t)
        if isinstance(t, ssa.Signature):
            return pointer_to(self.node(f"!DISubroutineType(types: {self.node_list(['null'])})"))
        return self._opaque(t.string, t.size)

    def _named(self, index: int, t: ssa.Named) -> str:
        under = self.types[t.underlying]
        number = typed.network_number(t)
        if number or (t.path == ATOMIC and isinstance(under, ssa.Struct)):
            return self._wrapped(index, under, number)
        if typed.is_address(t):
            return pointer_to("null")
        name = self.type_name(index)
        if name in C_MEMBERS and typed.c_struct(t):
            return self._of_c(name, t)
        if isinstance(under, ssa.Struct):
            return self._struct(name, t.pos, under)
        if t.constants:
            return self._enumeration(name, t)
        if typed.is_text(t) and isinstance(under, ssa.Array):
            base = self.node(self._array(self.character(), under.len, under.size))
        else:
            base = self.type(t.underlying)
        return (
            f'!DIDerivedType(tag: DW_TAG_typedef, name: "{name}", file: {self.file(t.pos)}, line: '
            f"{t.pos.line}, baseType: {base})"
        )

    def _of_c(self, name: str, t: ssa.Named) -> str:
        """An address as the kernel declares it."""
        label, base = C_MEMBERS[name]
        if base == "__be32":
            number = self.c_int("uint32")
            inner = self.node(f'!DIDerivedType(tag: DW_TAG_typedef, name: "__be32", baseType: {number})')
        else:
            inner = self.byte_array(t.size)
        members = self.node_list([self.node(member(label, inner, t.size * 8, 0))])
        return (
            f'!DICompositeType(tag: DW_TAG_structure_type, name: "{name}", file: {self.file(t.pos)}, line: '
            f"{t.pos.line}, size: {t.size * 8}, elements: {members})"
        )

    def _wrapped(self, index: int, under: ssa.Type, name: str | None) -> str:
        """A struct around one number is that number to C, under a name of C's if it has one."""
        assert isinstance(under, ssa.Struct)
        inner = next(f.type for f in under.fields if self.types.is_int(f.type) or self.types.is_bool(f.type))
        if name is None:
            return self._describe(inner)
        t = self.types.under(inner)
        return f'!DIDerivedType(tag: DW_TAG_typedef, name: "{name}", baseType: {self.c_int(t.string)})'

    def _enumeration(self, name: str, t: ssa.Named) -> str:
        """An integer type with constants: C's enum."""
        unsigned = not self.types.is_signed(t.underlying)
        flag = ", isUnsigned: true" if unsigned else ""
        items = [
            self.node(f'!DIEnumerator(name: "{legal(c.name)}", value: {c.value}{flag})') for c in t.constants
        ]
        base = self.c_int(self.types[t.underlying].string)  # LLVM takes no typedef here
        return (
            f'!DICompositeType(tag: DW_TAG_enumeration_type, name: "{name}", file: {self.file(t.pos)}, line: '
            f"{t.pos.line}, baseType: {base}, size: {t.size * 8}, elements: "
            f"{self.node_list(items)})"
        )

    def character(self) -> str:
        return self.node('!DIBasicType(name: "char", size: 8, encoding: DW_ATE_signed_char)')

    def _basic(self, t: ssa.Basic) -> str:
        if t.string == "unsafe.Pointer":
            return pointer_to("null")
        if t.string in ("bool", "untyped bool"):
            base = self.node('!DIBasicType(name: "_Bool", size: 8, encoding: DW_ATE_boolean)')
            return f'!DIDerivedType(tag: DW_TAG_typedef, name: "bool", baseType: {base})'
        if t.string in C_INTS:
            base = self.c_int(t.string)
            if t.string == "int":
                return self.nodes[int(base[1:])]
            return f'!DIDerivedType(tag: DW_TAG_typedef, name: "{t.string}", baseType: {base})'
        return self._opaque(t.string, t.size)

    def c_int(self, name: str) -> str:
        c_name, encoding = C_INTS[name]
        return self.node(f'!DIBasicType(name: "{c_name}", size: {INT_BITS[name]}, encoding: {encoding})')

    def byte_array(self, size: int) -> str:
        return self.node(self._array(self.c_int("uint8"), size, size))

    def text_array(self, size: int) -> str:
        return self.node(self._array(self.character(), size, size))

    def _opaque(self, name: str, size: int) -> str:
        return (
            f'!DICompositeType(tag: DW_TAG_structure_type, name: "{legal(name)}", file: {self._files[0]}, '
            f"size: {size * 8}, elements: {self.node_list([])})"
        )

    def _array(self, elem: str, count: int, size: int) -> str:
        subrange = self.node_list([self.node(f"!DISubrange(count: {count})")])
        return (
            f"!DICompositeType(tag: DW_TAG_array_type, baseType: {elem}, size: {size * 8}, elements: "
            f"{subrange})"
        )

    def _slice(self, t: ssa.Slice) -> str:
        data = self.node(pointer_to(self.type(t.elem)))
        u32 = self.c_int("uint32")
        u64 = self.c_int("uint64")
        parts = [("data", data, 64, 0), ("off", u32, 32, 64), ("len", u32, 32, 96), ("end", u64, 64, 128)]
        members = [self.node(member(n, ty, bits, at)) for n, ty, bits, at in parts]
        name = self._names.give(("slice", t.elem), legal(f"slice_{self.types.string(t.elem)}"))
        return (
            f'!DICompositeType(tag: DW_TAG_structure_type, name: "{name}", file: {self._files[0]}, size: '
            f"192, elements: {self.node_list(members)})"
        )

    def _struct(self, name: str, pos: ssa.Pos, t: ssa.Struct) -> str:
        members = [self._member(f) for f in t.fields if f.name != "_"]
        label = f'name: "{name}", ' if name else ""
        return (
            f"!DICompositeType(tag: DW_TAG_structure_type, {label}file: {self.file(pos)}, line: {pos.line}, "
            f"size: {t.size * 8}, elements: {self.node_list(members)})"
        )

    def _member(self, f: ssa.Field) -> str:
        size, shown = self.types.size(f.type) * 8, typed.shown_as(f)
        note = ""
        if shown:
            tag = self.node_list([self.node(f'!{{!"btf_decl_tag", !"show:{escape(shown)}"}}')])
            note = f", annotations: {tag}"
        return self.node(member(legal(f.name), self.type(f.type), size, f.offset * 8, note))

    def kernel_struct(self, index: int, field: int) -> tuple[str, int]:
        """The node of a CO-RE struct, under the kernel's names, and a field's place in it."""
        from tinybpf.compiler.lower.core import kernel_field, kernel_name

        t = self.types[index]
        assert isinstance(t, ssa.Named)
        fields = [(n, f) for n, f in enumerate(self.types.struct(index).fields) if f.name != "_"]
        members = [
            self.node(member(kernel_field(f), self.type(f.type), self.types.size(f.type) * 8, f.offset * 8))
            for _, f in fields
        ]
        node = self.node(
            f'!DICompositeType(tag: DW_TAG_structure_type, name: "{kernel_name(self.types.table, t)}", file: '
            f"{self.file(t.pos)}, "
            f"line: {t.pos.line}, size: {t.size * 8}, elements: {self.node_list(members)})"
        )
        return node, next(at for at, (n, _) in enumerate(fields) if n == field)

    # functions and variables

    def subprogram(
        self,
        symbol: str,
        pos: ssa.Pos,
        params: Sequence[tuple[str, int]],
        results: Sequence[int],
        local: bool,
        unpacked: Arguments | None = None,
    ) -> str:
        """A function's node. ``params`` are names and types; names are needed for func_info.

        A program with ``unpacked`` parameters is called with its context; notes tell loaders of the others.
        """
        result = self.type(results[0]) if len(results) == 1 else "null"
        if unpacked is None:
            return self._subprogram(symbol, pos, [(n, self.type(t)) for n, t in params], result, local)
        notes = [self.node(f'!{{!"btf_decl_tag", !"{escape(note)}"}}') for note in unpacked.notes]
        context = [("ctx", self.node(pointer_to("null")))]
        return self._subprogram(symbol, pos, context, result, local, notes)

    def shim(self, symbol: str, pos: ssa.Pos, params: Sequence[str]) -> str:
        """The node of a function that the kernel calls back; of which type its parameters are is all one."""
        number = self.c_int("int64")
        return self._subprogram(symbol, pos, [(name, number) for name in params], number, True)

    def _subprogram(
        self,
        symbol: str,
        pos: ssa.Pos,
        params: Sequence[tuple[str, str]],
        result: str,
        local: bool,
        notes: Sequence[str] = (),
    ) -> str:
        signature = self.node(
            f"!DISubroutineType(types: {self.node_list([result, *(t for _, t in params)])})"
        )
        flags = "DISPFlagDefinition | DISPFlagOptimized" + (" | DISPFlagLocalToUnit" if local else "")
        sp = self.reserve()
        variables = [
            self.distinct(
                f'!DILocalVariable(name: "{name}", arg: {n}, scope: {sp}, file: {self.file(pos)}, line: '
                f"{pos.line}, type: {t})"
            )
            for n, (name, t) in enumerate(params, 1)
        ]
        annotated = f", annotations: {self.node_list(notes)}" if notes else ""
        self.fill(
            sp,
            f'distinct !DISubprogram(name: "{symbol}", scope: {self.file(pos)}, file: {self.file(pos)}, '
            f"line: {pos.line}, type: {signature}, "
            f"scopeLine: {pos.line}, flags: DIFlagPrototyped, spFlags: {flags}, unit: {self.unit}, "
            f"retainedNodes: {self.node_list(variables)}{annotated})",
        )
        return sp

    def variable(self, symbol: str, pos: ssa.Pos, type_node: str, tag: str = "") -> str:
        """The ``!dbg`` attachment of a global; ``tag`` is a node that annotates it."""
        annotated = f", annotations: {self.node_list([self.node(tag)])}" if tag else ""
        var = self.distinct(
            f'distinct !DIGlobalVariable(name: "{symbol}", scope: {self.unit}, file: {self.file(pos)}, '
            f"line: {pos.line}, type: {type_node}, isLocal: false, isDefinition: true{annotated})"
        )
        expr = self.distinct(f"!DIGlobalVariableExpression(var: {var}, expr: !DIExpression())")
        self.globals.append(expr)
        return f", !dbg {expr}"

    def map_definition(self, pos: ssa.Pos, fields: Sequence[MapField]) -> str:
        """The type of a map's variable: members that point to what they mean, as libbpf reads it."""
        members = []
        for i, f in enumerate(fields):
            target = f.type if f.number is None else self._number(f.number, f.type)
            assert target is not None
            pointer = self.node(pointer_to(target))
            members.append(self.node(member(f.name, pointer, 64, i * 64)))
        elements = self.node_list(members)
        return self.distinct(
            f"distinct !DICompositeType(tag: DW_TAG_structure_type, file: {self.file(pos)}, line: "
            f"{pos.line}, size: {len(fields) * 64}, elements: {elements})"
        )

    def _number(self, value: int, elem: str | None) -> str:
        # The kernel refuses an array type of 4 GiB or more: count bytes where ints would be too many.
        plain = self.c_int("int32") if value < 1 << 29 else self.c_int("int8")
        return self.node(self._array(elem or plain, value, 0))

    def text(self, of: Sequence[str] | None = None) -> str:
        """The metadata; where functions are given, of the places in the source only those of these."""
        self.fill(
            self.unit,
            f'distinct !DICompileUnit(language: DW_LANG_C11, file: {self._files[0]}, producer: "tinybpf", '
            "isOptimized: true, "
            f"runtimeVersion: 0, emissionKind: FullDebug, globals: {self.node_list(self.globals)}, "
            "splitDebugInlining: false)",
        )
        # With CodeView, which it makes for Windows only, LLVM makes no DWARF; loaders read BTF.
        flags = [
            self.node(f'!{{i32 2, !"{n}", i32 {v}}}') for n, v in (("Debug Info Version", 3), ("CodeView", 1))
        ]
        lines = [f"!llvm.dbg.cu = !{{{self.unit}}}", f"!llvm.module.flags = !{{{', '.join(flags)}}}"]
        nodes = [(str(i), text) for i, text in enumerate(self.nodes)]
        if of is not None:
            used = {place for body in of for place in _PLACE.findall(body)}
            nodes = [n for n in nodes if n[0] in used or not n[1].startswith("!DILocation")]
        lines += [f"!{i} = {text}" for i, text in nodes]
        return "\n".join(lines)


def pointer_to(node: str) -> str:
    return f"!DIDerivedType(tag: DW_TAG_pointer_type, baseType: {node}, size: 64)"


def member(name: str, node: str, bits: int, offset: int, note: str = "") -> str:
    return (
        f'!DIDerivedType(tag: DW_TAG_member, name: "{name}", baseType: {node}, size: {bits}, offset: '
        f"{offset}{note})"
    )


_PLACE = re.compile(r"!dbg !(\d+)")
_UNPRINTABLE = re.compile(rb"[^ !#-\[\]-~]")


def escape(text: str) -> str:
    """``text`` as LLVM writes a string: printable ASCII but quote and backslash, the rest in hexadecimal."""
    return _UNPRINTABLE.sub(lambda m: b"\\%02X" % m.group()[0], text.encode()).decode()
