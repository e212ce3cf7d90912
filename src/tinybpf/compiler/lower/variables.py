"""Package variables and maps as globals of the LLVM module, and the licence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.byteorder import big_endian
from tinybpf.compiler.initial import Image
from tinybpf.compiler.lower.debug import MapField, escape
from tinybpf.compiler.lower.infer import Usage, agreed, infer
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.strings import POOL
from tinybpf.compiler.mapdefs import MapDefinition, read_map
from tinybpf.compiler.pool import SMALLEST, Pool
from tinybpf.compiler.typed import Shape, holds_map

if TYPE_CHECKING:
    from tinybpf.compiler.lower.module import Module


class Variables:
    """Makes the globals of a module; the maps found go into ``module.program``."""

    def __init__(self, module: Module) -> None:
        self.m = module
        self.doc = module.doc
        self.types = module.types
        self.debug = module.debug
        self.initial = module.initial

    def lines(self) -> list[str]:
        """A definition for each variable; ``report`` is told what is wrong with one."""
        maps = {i for i, _ in enumerate(self.doc.globals) if self.m.is_map(i) and self.m.visible(i)}
        usage = infer(self.m.points, self.m.order, self.m.helpers, maps)
        written = self.m.writes.package_variables()
        lines = []
        for index, variable in enumerate(self.doc.globals):
            if not self.m.visible(index):
                continue
            try:
                if index in maps:
                    lines.append(self._map(index, usage[index]))
                elif holds_map(self.types.table, variable.type):
                    raise Refused(
                        variable.pos,
                        f"variable {variable.name} has a map inside: a map is a package variable of its own",
                        "declare one variable for each map",
                    )
                elif self.types.problem(variable.type) is not None:
                    continue  # refused where it is used
                elif self.types.size(variable.type):
                    lines.append(self._variable(index, index in written))
                else:
                    lines.append(self._empty(index))
            except Refused as refused:
                self.m.report(refused.pos, refused.message, refused.hint)
        return lines

    def _empty(self, index: int) -> str:
        """A variable without a byte has an address all the same; nothing else knows of it."""
        kind = "internal constant [1 x i8] zeroinitializer"
        return f'@{self.m.global_symbol(index)} = {kind}, section ".rodata", align 1'

    def _map(self, index: int, usage: Usage) -> str:
        image = None if index in self.initial.refused else self.initial.image(index)
        made = read_map(self.doc, self.types, index, image)
        self.m.program.maps[index] = made
        fields = self._map_fields(made, usage)
        pos = self.doc.globals[index].pos
        symbol = self.m.global_symbol(index)
        dbg = self.debug.variable(symbol, pos, self.debug.map_definition(pos, fields))
        return (
            f'@{symbol} = dso_local global [{len(fields) * 8} x i8] zeroinitializer, section ".maps", align '
            f"8{dbg}"
        )

    def _map_fields(self, made: MapDefinition, usage: Usage) -> list[MapField]:
        event = next(iter(usage.events)) if made.kind.events and len(usage.events) == 1 else None
        if made.shape is not None:
            event = made.shape.event
        known = event is not None and self.types.problem(event) is None
        fields = [
            MapField(
                "type", made.kind.number, self.debug.type(event) if known and event is not None else None
            )
        ]
        key, value = self._map_types(made, usage)
        for name, node, size in (("key", key, made.key_size), ("value", value, made.value_size)):
            if size:
                fields.append(MapField(name, None, node) if node else MapField(f"{name}_size", size))
        for name, number in (
            ("max_entries", made.max_entries),
            ("map_flags", made.flags),
            ("pinning", made.pinning),
        ):
            if number:
                fields.append(MapField(name, number))
        return fields

    def _map_types(self, made: MapDefinition, usage: Usage) -> tuple[str | None, str | None]:
        """The types of key and value; the kernel takes both or none, and of keys not all."""
        if made.shape is not None:
            return self._typed(made, made.shape)
        if not made.kind.kernel_btf:
            return None, None
        key = agreed(self.m.points, usage.keys, made.key_size) if made.key_size else None
        value = agreed(self.m.points, usage.values, made.value_size) if made.value_size else None
        if key is None and value is None:
            return None, None
        if made.kind.key == (4,):
            node = self.debug.type(key) if key is not None and self.types.is_int(key) else None
            return node or self.debug.c_int("uint32"), self._map_type(value, made.value_size)
        if made.kind.name == "LPM_TRIE" and (key is None or not self.types.is_struct(key)):
            return None, None
        return self._map_type(key, made.key_size), self._map_type(value, made.value_size)

    def _typed(self, made: MapDefinition, shape: Shape) -> tuple[str | None, str | None]:
        """The types that the source gives a map; the kernel takes some keys only as a plain number."""
        if shape.value is None:
            return None, None
        value = self.debug.type(shape.value)
        if not made.kind.has_key:
            return None, value
        key = (
            self.debug.c_int("uint32") if made.kind.key == (4,) else self._map_type(shape.key, made.key_size)
        )
        return key, value

    def _map_type(self, t: int | None, size: int) -> str | None:
        """A key's or value's type; bytes where the program's uses do not tell."""
        if t is not None:
            return self.debug.type(t)
        return self.debug.byte_array(size) if size else None

    def _variable(self, index: int, written: bool) -> str:
        variable = self.doc.globals[index]
        if index in self.initial.refused:
            raise self.initial.refused[index]
        symbol = self.m.global_symbol(index)
        image = self.initial.image(index)
        if self.m.big_endian:
            image = Image(bytearray(big_endian(self.types, variable, bytes(image.data))))
        section = ".rodata" if not written else ".bss" if image.zero else ".data"
        if not written and self.types.strings_only(variable.type):
            # Nobody sets a string from outside: what it is can be told here.
            data = image.data.ljust(SMALLEST, b"\0")
            value = bytes_constant(Image(data))
            return f'@{symbol} = internal constant [{len(data)} x i8] {value}, section ".rodata", align 8'
        kind = "global" if written else "constant"
        place = f'section "{section}", align {max(self.types.align(variable.type), 1)}'
        if self.types.holds_function(variable.type):
            # Not for user space, which does not know what the numbers in it mean.
            return f"@{symbol} = internal {kind} [{len(image.data)} x i8] {bytes_constant(image)}, {place}"
        dbg = self.debug.variable(symbol, variable.pos, self.debug.type(variable.type))
        # User space may have changed it before the program runs: its value here is not its value there.
        return (
            f"@{symbol} = dso_local externally_initialized {kind} [{len(image.data)} x i8] "
            f"{bytes_constant(image)}, {place}{dbg}"
        )

    def license(self) -> str:
        """The licence, where the kernel looks for it; libbpf's linker wants its type."""
        text, symbol = self.m.program.license, self.m.license_symbol()
        value = f'[{len(text) + 1} x i8] c"{escape(text)}\\00"'
        dbg = self.m.debug.variable(symbol, ssa.NO_POS, self.m.debug.text_array(len(text) + 1))
        return f'@{symbol} = dso_local constant {value}, section "license", align 1{dbg}'


def string_constants(pool: Pool) -> str:
    value = bytes_constant(Image(bytearray(pool.data)))
    return f'{POOL} = internal constant [{len(pool.data)} x i8] {value}, section ".rodata", align 1'


def bytes_constant(image: Image) -> str:
    if image.zero:
        return "zeroinitializer"
    return 'c"' + "".join(f"\\{b:02X}" for b in image.data) + '"'
