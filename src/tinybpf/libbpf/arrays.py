"""Many records in one piece of memory: what `as_array` gives where NumPy is not installed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from tinybpf.libbpf.btf import COMPOSITE, Btf
from tinybpf.libbpf.layout import Field, fields_of
from tinybpf.libbpf.types import value_of


class RecordArray(Sequence[Any]):
    """Records of one size, one right behind the other, in memory of their own.

    ``array[3]`` and iteration give events, a slice an array that shares the memory. ``data`` is the
    memory, which ``struct.iter_unpack`` or ``numpy.frombuffer`` can read; `field` reads one field of all.
    """

    def __init__(
        self, data: memoryview, record_size: int, type_: Any = None, decode: Callable[[Any], Any] = bytes
    ) -> None:
        self.data = data
        self.record_size = record_size
        self._type = type_
        self._decode = decode

    @property
    def nbytes(self) -> int:
        """Bytes of all records together."""
        return self.data.nbytes

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that `field` can read; none where the type is not known from BTF."""
        return tuple(self._fields())

    def field(self, name: str) -> list[Any]:
        """The field's value in each record.

        ``KeyError`` where there is no such field; it lists those that there are.
        """
        fields = self._fields()
        if name not in fields:
            raise KeyError(f"no field '{name}'; there is: {', '.join(fields) or 'none'}")
        found = fields[name]
        if found.bits:
            return [getattr(event, name) for event in self]
        order, load = self._type[0].byte_order, found.value.load
        rest = self.record_size - found.offset - struct.calcsize(order + found.value.code)
        numbers = struct.iter_unpack(f"{order}{found.offset}x{found.value.code}{rest}x", self.data)
        return [number for (number,) in numbers] if load is None else [load(number) for (number,) in numbers]

    def _fields(self) -> dict[str, Field]:
        if not (isinstance(self._type, tuple) and isinstance(self._type[0], Btf)):
            return {}
        btf, type_id = self._type
        record = btf.resolve(type_id)
        if record.kind not in COMPOSITE:
            return {}
        return {field.name: field for field in fields_of(btf, record, lambda id_: value_of(btf, id_))}

    def tobytes(self) -> bytes:
        """All records as one bytes object."""
        return self.data.tobytes()

    def __len__(self) -> int:
        return self.data.nbytes // self.record_size if self.record_size else 0

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> RecordArray: ...
    def __getitem__(self, index: int | slice) -> Any:
        size = self.record_size
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ValueError("records stand one behind the other: a slice has no step")
            data = self.data[start * size : max(start, stop) * size]
            return RecordArray(data, size, self._type, self._decode)
        at = range(len(self))[index]  # IndexError where there is none
        return self._decode(self.data[at * size : (at + 1) * size])

    def __iter__(self) -> Iterator[Any]:
        size, data, decode = self.record_size, self.data, self._decode
        return (decode(data[at : at + size]) for at in range(0, data.nbytes, size))

    def __repr__(self) -> str:
        return f"<RecordArray of {len(self)} records of {self.record_size} bytes>"
