from __future__ import annotations

import random
import struct
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinybpf.errors import BpfError, MissingError, ObjectError
from tinybpf.libbpf.btf import Btf, BtfField, BtfKind, BtfType
from tinybpf.libbpf.codec import codec_for


def walk(btf: Btf) -> None:
    """Ask for everything that there is to ask, of every type."""
    for type_id in range(len(btf)):
        for ask in (btf.resolve, btf.size_of, btf.type):
            with suppress(ObjectError):
                ask(type_id)
        try:
            record = btf.record(type_id)
            if record.kind in (BtfKind.STRUCT, BtfKind.UNION):
                btf.members(record)
            elif record.kind in (BtfKind.ENUM, BtfKind.ENUM64):
                btf.enum_values(record)
            elif record.kind is BtfKind.FUNC_PROTO:
                btf.parameters(record)
            codec_for(btf, type_id, btf.size_of(type_id)) if type_id else None
        except (ObjectError, BpfError):
            continue
    for section in (".maps", ".rodata", ".bss", "license"):
        with suppress(ObjectError):
            btf.section_vars(section)
            btf.map_definitions()


@pytest.mark.parametrize("order", ["<", ">"])
def test_kinds_in_both_byte_orders(btf_maker: Any, order: str) -> None:
    make = btf_maker(order)
    u32 = make.integer("u32", 4)
    s64 = make.integer("s64", 8, 1)
    flag = make.integer("bool", 1, 4)
    pointer = make.pointer(u32)
    row = make.array(s64, 3)
    grid = make.array(row, 2)
    alias = make.typedef("grid_t", make.type(BtfKind.CONST, "", grid))
    color = make.enum("color", 4, True, RED=0, NEGATIVE=-1)
    point = make.struct("point", 16, ("x", u32, 0), ("y", s64, 64))
    either = make.union("either", 8, ("whole", s64, 0), ("low", u32, 0))
    real = make.type(BtfKind.FLOAT, "double", 8)
    big = make.type(BtfKind.ENUM64, "big", 8, make.string("BIG"), 5, 1, vlen=1)
    forward = make.type(BtfKind.FWD, "later", 0)
    proto = make.type(BtfKind.FUNC_PROTO, "", u32, make.string("n"), s64, 0, 0, vlen=2)
    func = make.type(BtfKind.FUNC, "f", proto, vlen=1)
    var = make.type(BtfKind.VAR, "v", point, 1)
    section = make.type(BtfKind.DATASEC, ".data", 16, var, 0, 16, vlen=1)
    tag = make.type(BtfKind.DECL_TAG, "tag", point, 0xFFFFFFFF)
    btf = make.btf()

    assert len(btf) == 20 and btf.byte_order == order
    sizes = {u32: 4, s64: 8, flag: 1, pointer: 8, row: 24, grid: 48, alias: 48, color: 4, point: 16}
    sizes |= {either: 8, real: 8, big: 8, var: 16, section: 16, tag: 16}
    assert {type_id: btf.size_of(type_id) for type_id in sizes} == sizes
    assert btf.resolve(alias).id == grid and btf.array_of(btf.record(row)) == (s64, 3)
    assert btf.int_of(btf.record(s64)) == (1, 0, 64) and btf.int_of(btf.record(flag)) == (4, 0, 8)
    assert btf.enum_values(btf.record(color)) == (("RED", 0), ("NEGATIVE", -1))
    assert btf.enum_values(btf.record(big)) == (("BIG", 0x100000005),)
    assert btf.parameters(btf.record(proto)) == (("n", s64), ("", 0))
    assert (btf.record(func).name, btf.record(func).ref) == ("f", proto)
    assert [v.name for v in btf.section_vars(".data")] == ["v"] and btf.section_vars(".bss") == ()
    assert btf.find("point") == point and btf.find("point", BtfKind.UNION) is None
    assert btf.find("nothing") is None and btf.record(0).kind is BtfKind.VOID
    expected = (BtfField("x", 0, 4), BtfField("y", 8, 8))
    assert btf.type("point") == BtfType("point", BtfKind.STRUCT, 16, expected) == btf.type(point)
    assert btf.type("grid_t") == BtfType("grid_t", BtfKind.TYPEDEF, 48)
    for no_size in (forward, func, proto, 0):
        with pytest.raises(ObjectError, match="has no size"):
            btf.size_of(no_size)
        assert btf.type(no_size).size == 0


def test_map_definitions(sample_btf: Btf) -> None:
    maps = sample_btf.map_definitions()
    assert list(maps) == ["plain", "events", "counts"]
    assert (maps["plain"].key_type, maps["plain"].value_type, maps["plain"].event_type) == (None, None, None)
    assert maps["events"].event_type == sample_btf.find("event", BtfKind.STRUCT)
    key, value = maps["counts"].key_type, maps["counts"].value_type
    assert key is not None and sample_btf.record(key).name == "u32" and sample_btf.resolve(key).size == 4
    assert value == sample_btf.find("inner", BtfKind.STRUCT) and maps["counts"].event_type is None


def test_event_type_may_be_a_typedef(btf_maker: Any) -> None:
    make = btf_maker()
    number = make.integer("int", 4, 1)
    event = make.typedef("u32", number)
    kind = make.pointer(make.array(event, 27))
    values = make.pointer(make.array(number, 4096))
    definition = make.struct("", 16, ("type", kind, 0), ("max_entries", values, 64))
    var = make.type(BtfKind.VAR, "events", definition, 1)
    make.type(BtfKind.DATASEC, ".maps", 0, var, 0, 16, vlen=1)
    assert make.btf().map_definitions()["events"].event_type == event


def test_missing_names_are_keyerrors_that_suggest(sample_btf: Btf) -> None:
    with pytest.raises(KeyError, match="did you mean 'event'") as caught:
        sample_btf.type("evnt")
    assert isinstance(caught.value, MissingError)


def test_bit_fields_cover_the_bytes_they_touch(sample_btf: Btf) -> None:
    fields = {field.name: field for field in sample_btf.type("event").fields or ()}
    assert fields["flags"] == BtfField("flags", 6, 1) and fields["more"] == BtfField("more", 6, 1)
    assert fields["forty"].size == 5 and fields["rest"].size == 3
    assert fields["rest"].offset == fields["forty"].offset + 5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:23], "too short"),
        (lambda data: b"\x00\x00" + data[2:], "magic"),
        (lambda data: data[:2] + b"\x02" + data[3:], "version 2"),
        (lambda data: data[:4] + struct.pack("<I", 8) + data[8:], "header"),
        (lambda data: data[:8] + struct.pack("<I", 2) + data[12:], "whole words|end at"),
        (lambda data: data[:12] + struct.pack("<I", 0xFFFFFFFC) + data[16:], "end at"),
        (lambda data: data[:20] + struct.pack("<I", 0) + data[24:], "NUL"),
        (lambda data: data[:-1] + b"x", "NUL"),
        (lambda data: data[:24] + struct.pack("<3I", 0, 31 << 24, 0) + data[36:], "kind 31"),
        (lambda data: data[:24] + struct.pack("<3I", 0, 4 << 24 | 0xFFFF, 0) + data[36:], "goes beyond"),
    ],
)
def test_bad_sections(btf_maker: Any, change: Any, reason: str) -> None:
    make = btf_maker()
    make.struct("point", 8, ("x", make.integer("u32", 4), 0))
    with pytest.raises(ObjectError, match=reason):
        Btf(change(make.data()))


@pytest.mark.parametrize("kind", [BtfKind.TYPEDEF, BtfKind.CONST, BtfKind.VOLATILE, BtfKind.RESTRICT])
def test_types_that_refer_to_themselves(btf_maker: Any, kind: BtfKind) -> None:
    make = btf_maker()
    make.type(kind, "a" if kind is BtfKind.TYPEDEF else "", 2)
    make.type(kind, "b" if kind is BtfKind.TYPEDEF else "", 1)
    with pytest.raises(ObjectError, match="type 1 at offset 0x18 refers to itself"):
        make.btf().resolve(1)


def test_types_that_contain_themselves(btf_maker: Any) -> None:
    make = btf_maker()
    make.array(1, 2)
    make.struct("self", 4, ("again", 2, 0))
    make.struct("anonymous", 4, ("", 3, 0))
    make.type(BtfKind.VAR, "v", 5, 1)
    make.array(4, 1)
    btf = make.btf()
    for type_id in (1, 4, 5):
        with pytest.raises(ObjectError, match="contains itself"):
            btf.size_of(type_id)
    for type_id in (2, 3):
        with pytest.raises(ObjectError, match="contains itself"):
            codec_for(btf, type_id, 4)
    assert btf.size_of(2) == 4


def test_many_fields_out_of_few_bytes(btf_maker: Any) -> None:
    """Anonymous empty structs that double at each level: 2**30 fields if nobody counts."""
    make = btf_maker()
    leaf = make.array(make.integer("u8", 1), 0)
    inner = make.struct("", 0, ("leaf", leaf, 0))
    for _ in range(30):
        inner = make.struct("", 0, ("", inner, 0), ("", inner, 0))
    with pytest.raises(ObjectError, match="more than 65535 fields"):
        codec_for(make.btf(), inner, 0)


def test_huge_arrays_cost_nothing_until_they_are_read(btf_maker: Any) -> None:
    make = btf_maker()
    array = make.array(make.array(make.integer("u64", 8), 0xFFFFFFFF), 0xFFFFFFFF)
    make.struct("huge", 0xFFFFFFFF, ("data", make.array(make.integer("u16", 2), 0x7FFFFFFF), 0))
    btf = make.btf()
    assert btf.size_of(array) == 8 * 0xFFFFFFFF**2
    started = time.monotonic()
    codec_for(btf, btf.find("huge"), 0xFFFFFFFF)
    with pytest.raises(ObjectError, match="too large"):
        codec_for(btf, array, 8 * 0xFFFFFFFF**2)
    assert time.monotonic() - started < 1


def test_members_outside_of_their_struct(btf_maker: Any) -> None:
    make = btf_maker()
    u32 = make.integer("u32", 4)
    beyond = make.struct("beyond", 8, ("x", u32, 40))
    crooked = make.struct("crooked", 8, ("x", u32, 3))
    wide = make.struct("wide", 8, ("x", u32, 0, 33))
    btf = make.btf()
    for type_id, reason in ((beyond, "ends at bit 72"), (crooked, "starts at bit 3"), (wide, "33 bits")):
        with pytest.raises(ObjectError, match=reason):
            codec_for(btf, type_id, 8)


def test_every_truncation_is_an_error_or_a_result(sample_elf: bytes, sample_btf: Btf, btf_maker: Any) -> None:
    make = btf_maker()
    u32 = make.integer("u32", 4)
    make.struct("point", 8, ("x", u32, 0), ("y", u32, 32))
    data = make.data()
    for length in range(len(data)):
        with pytest.raises(ObjectError):
            Btf(data[:length])


def test_mutations_are_errors_or_results(sample_elf: bytes) -> None:
    from tinybpf.libbpf.btf_ext import read_sections

    original = bytes(read_sections(sample_elf)[".BTF"])
    dice = random.Random(7)
    outcomes = {"error": 0, "result": 0}
    for _ in range(300):
        data = bytearray(original)
        for _ in range(dice.choice((1, 1, 2, 8))):
            at = dice.randrange(len(data))
            data[at] = dice.choice((0, 0xFF, dice.randrange(256)))
        try:
            btf = Btf(data)
        except ObjectError:
            outcomes["error"] += 1
        else:
            walk(btf)
            outcomes["result"] += 1
    assert all(outcomes.values()), outcomes


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"\x9f\xeb\x01\x00", b"\xeb\x9f\x01\x00"]))
def test_arbitrary_bytes(noise: bytes, magic: bytes) -> None:
    order = "<" if magic[0] == 0x9F else ">"
    types = noise[: len(noise) // 4 * 4]
    header = magic + struct.pack(order + "5I", 24, 0, len(types), len(types), 1)
    for data in (noise, magic + noise, header + types + b"\0"):
        try:
            btf = Btf(data)
        except ObjectError:
            continue
        walk(btf)


def test_a_small_object_is_read_in_well_below_a_millisecond(sample_elf: bytes) -> None:
    from tinybpf.libbpf.btf_ext import read_sections

    data = read_sections(sample_elf)[".BTF"]
    best = 1.0
    for _ in range(20):
        started = time.perf_counter()
        Btf(data).map_definitions()
        best = min(best, time.perf_counter() - started)
    assert best < 0.001


@pytest.mark.kernel
def test_the_kernels_own_types() -> None:
    with open("/sys/kernel/btf/vmlinux", "rb") as file:
        btf = Btf(file.read())
    assert len(btf) > 10_000
    heads = btf.type("list_head").fields
    assert heads == (BtfField("next", 0, 8), BtfField("prev", 8, 8))
    assert btf.type("task_struct").size > 1000
    task = btf.find("task_struct", BtfKind.STRUCT)
    codec = codec_for(btf, task, btf.size_of(task or 0))
    zero = codec.decode(bytes(codec.size))
    assert zero.pid == 0 and len(zero.comm) == 16 and codec.encode(zero) == bytes(codec.size)
