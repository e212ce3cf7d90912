"""The maps at the end: those that the program declares, each as a small table or a histogram."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tinybpf.libbpf.enums import ARRAY_TYPES, BpfMapType
from tinybpf.show import histogram
from tinybpf.show.reader import as_group, rows_maker, value_reader
from tinybpf.show.shape import Group, Leaf, Shape, bytes_shape, shape_of
from tinybpf.show.words import clean

if TYPE_CHECKING:
    from tinybpf.libbpf import BpfMap, BpfObject
    from tinybpf.show.output import Output

MOST_ROWS = 30
MOST_HISTOGRAMS = 5
MOST_READ = 1 << 20
"""Entries that are read of a map, which takes some seconds."""

KINDS = frozenset(
    getattr(BpfMapType, name)
    for name in (
        "HASH", "ARRAY", "PERCPU_HASH", "PERCPU_ARRAY", "LRU_HASH", "LRU_PERCPU_HASH", "LPM_TRIE",
    )
)  # fmt: skip
"""Map types that have entries to show."""

_ORDER: Literal["little", "big"] = "little" if sys.byteorder == "little" else "big"

NUMBERS = frozenset(["int", "duration", "size"])


class Entry(NamedTuple):
    """An entry as bytes: the key, and a value for each CPU (one where the map is not per-CPU)."""

    key: bytes
    values: list[bytes]


class Shown:
    """One map: the shapes of its keys and values, and its entries that are not zero, sorted."""

    def __init__(self, found: BpfMap[Any, Any]) -> None:
        self.name = found.name
        self.type = found.type
        self.max_entries = found.max_entries
        self.is_array = found.type in ARRAY_TYPES
        self.is_percpu = found.is_percpu
        self._size = found.key_size + found.value_size
        types = found.types
        self.key = _shape(types.btf, types.key, found.key_size, "key", 0)
        self.value = _shape(types.btf, types.value, found.value_size, "value", found.key_size)
        self.entries: list[Entry] = []
        self.zeros = 0
        self.unread = False
        for count, (key, value) in enumerate(found.typed(key=bytes, value=bytes).items()):
            if count == MOST_READ:
                self.unread = True
                break
            values = value if self.is_percpu else [value]
            if self.is_array and not any(map(any, values)):
                self.zeros += 1
            elif self.is_percpu and self.adds_up:
                self.entries.append(Entry(key, [_add(self.value, values)]))
            else:
                self.entries.append(Entry(key, values))
        self._sort()

    @property
    def is_histogram(self) -> bool:
        return isinstance(self.value, Leaf) and self.value.form == "histogram"

    @property
    def adds_up(self) -> bool:
        """Whether the values of all CPUs make one: numbers and histograms do."""
        return isinstance(self.value, Leaf) and (self.value.form in NUMBERS or self.is_histogram)

    def _sort(self) -> None:
        """Numbers and histograms with the greatest first, all else by key, arrays by index."""
        if self.is_histogram:
            self.entries.sort(key=lambda entry: -sum(histogram.slots_of(entry.values[0])))
        if self.is_histogram or self.is_array:
            return
        key, value = _comparable(self.key), _comparable(self.value)
        self.entries.sort(key=lambda entry: key(entry.key))
        if self.adds_up:
            self.entries.sort(key=lambda entry: value(entry.values[0]), reverse=True)

    def group(self) -> tuple[Group, bool]:
        """The shape of key and value in one record, and whether a CPU's number stands between."""
        key, value = as_group(self.key).fields, as_group(self.value).fields
        taken = {field.name for field in key}
        value = tuple(replace(f, name=f"value.{f.name}") if f.name in taken else f for f in value)
        end = self._size
        per_cpu = self.is_percpu and not self.adds_up
        name = "cpu" if "cpu" not in taken | {field.name for field in value} else "cpu_"
        cpu = (Leaf(name, end, 4, "int", "I"),) if per_cpu else ()
        return Group(self.name, 0, end + 4 * per_cpu, (*key, *cpu, *value)), per_cpu

    def records(self, per_cpu: bool) -> Iterator[bytes]:
        """What ``group`` describes; CPUs whose value is zero are left out."""
        for key, values in self.entries:
            for cpu, value in enumerate(values):
                if not per_cpu:
                    yield key + value
                elif any(value):
                    yield key + value + cpu.to_bytes(4, _ORDER)


def _comparable(shape: Shape) -> Callable[[bytes], Any]:
    """What entries are sorted by: the value itself where it is one, else its bytes."""
    return value_reader(shape) if isinstance(shape, Leaf) else bytes


def _shape(btf: Any, type_id: int | None, size: int, name: str, offset: int) -> Shape:
    if btf is None or not type_id or btf.size_of(type_id) != size:
        return bytes_shape(size, name, offset)
    return shape_of(btf, type_id, name, offset)


def _add(shape: Shape, values: list[bytes]) -> bytes:
    """The sum of all CPUs' values, in the values' own size or as 8 bytes."""
    assert isinstance(shape, Leaf)
    step = 8 if shape.form == "histogram" else shape.size
    sums = []
    for at in range(0, shape.size, step):
        total = sum(int.from_bytes(v[at : at + step], _ORDER, signed=shape.signed) for v in values)
        sums.append((total & (1 << 8 * step) - 1).to_bytes(step, _ORDER))
    return b"".join(sums)


def declared(obj: BpfObject) -> list[BpfMap[Any, Any]]:
    """The maps with entries that the program declares; sections of variables have a dot in their name."""
    return [found for name, found in obj.maps.items() if "." not in name and found.type in KINDS]


def unread(shown: Shown) -> str:
    """What is to be said of a map that was too large to be read to its end, or nothing."""
    if not shown.unread:
        return ""
    of = f"{shown.max_entries:,} entries" if shown.is_array else "its entries"
    return f"map '{clean(shown.name)}': only {MOST_READ:,} of {of} were read"


def lines(shown: Shown, output: Output) -> list[str]:
    """A map as lines of text."""
    title = output.bold(clean(shown.name))
    if not shown.entries:
        which = "the first" if shown.unread else "all"
        entries = "the entry is" if shown.zeros == 1 else f"{which} {shown.zeros} entries are"
        return [f"{title}: {entries} 0" if shown.zeros else f"{title}: empty"]
    if shown.is_histogram:
        return _histograms(shown, output)
    from tinybpf.show.table import Table

    group, per_cpu = shown.group()
    records = list(shown.records(per_cpu))
    if not records:
        return [f"{title}: the values of all {len(shown.entries)} entries are 0"]
    rows = rows_maker(group)(records[:MOST_ROWS])
    table = Table([(shown.name, group)], usual=False)
    table.fit(0, rows, None if output.width is None else output.width - 2)
    text = [f"{title}:"]
    header = table.header()
    if header is not None:
        text.append(f"  {header}")
    for row in rows:
        text += [f"  {line}" for line in table.line(0, row).split("\n")]
    return text + _left_out(len(records) - len(rows), "more", shown)


def _left_out(count: int, what: str, shown: Shown) -> list[str]:
    said = [f"{count} {what}"] if count > 0 else []
    if shown.zeros:
        said.append(f"{shown.zeros} {'entry is' if shown.zeros == 1 else 'entries are'} 0")
    return [f"  … {', '.join(said)}"] if said else []


def _histograms(shown: Shown, output: Output) -> list[str]:
    text: list[str] = []
    single = shown.is_array and shown.max_entries == 1
    label = rows_maker(shown.key)([entry.key for entry in shown.entries[:MOST_HISTOGRAMS]])
    names = [leaf.name for leaf in as_group(shown.key).leaves()]
    for entry, words in zip(shown.entries, label, strict=False):
        slots = histogram.slots_of(entry.values[0])
        which = (
            words[0] if len(words) == 1 else " ".join(f"{n}={w}" for n, w in zip(names, words, strict=True))
        )
        title = output.bold(clean(shown.name if single else f"{shown.name}[{which}]"))
        text += [""] * bool(text)
        count = sum(slots)
        text.append(f"{title}: {count:,} {'value' if count == 1 else 'values'}")
        text += histogram.draw(slots, output.width or 80, output.blocks)
    return text + _left_out(len(shown.entries) - MOST_HISTOGRAMS, "more histograms", shown)


def json_lines(shown: Shown) -> Iterator[str]:
    """A map as JSON lines, one for each entry."""
    from tinybpf.show.jsonwords import json_of, quote

    start = f'{{"kind":"entry","map":{quote(shown.name)},"key":'
    key, value = _json(shown.key, json_of), _json(shown.value, json_of)
    for entry in shown.entries:
        if len(entry.values) == 1 and (not shown.is_percpu or shown.adds_up):
            yield f'{start}{key(entry.key)},"value":{value(entry.values[0])}}}\n'
        else:
            yield f'{start}{key(entry.key)},"cpus":[{",".join(map(value, entry.values))}]}}\n'


def _json(shape: Shape, json_of: Any) -> Any:
    word = json_of(shape)
    if isinstance(shape, Group):
        return word
    read = value_reader(shape)
    return lambda data: word(read(data))
