"""The types of a map's keys, values and events, from how the program uses the map."""

from __future__ import annotations

import pytest

from tinybpf.compiler import compile_go
from tinybpf.compiler.elf import read
from tinybpf.libbpf.btf import Btf

HEAD = """package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries uint32 }

var m = bpfMapDef{Type: 1, KeySize: 8, ValueSize: 8, MaxEntries: 1}
var other = bpfMapDef{Type: 1, KeySize: 8, ValueSize: 8, MaxEntries: 1}
var ring = bpfMapDef{Type: 27, MaxEntries: 4096}

type key struct{ a, b uint32 }
type value struct{ n int64 }
type named uint64

//go:extern bpf_map_lookup_elem
func lookup(m, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_map_update_elem
func update(m, key, value unsafe.Pointer, flags uint64) int64

//go:extern bpf_ringbuf_output
func output(m, data unsafe.Pointer, size, flags uint64) int64

//go:extern bpf_ringbuf_reserve
func reserve(m unsafe.Pointer, size, flags uint64) unsafe.Pointer

//go:extern bpf_ringbuf_discard
func discard(data unsafe.Pointer, flags uint64)

func find(k *key) *value { return (*value)(lookup(unsafe.Pointer(&m), unsafe.Pointer(k))) }

func put(to unsafe.Pointer, k *key, v *value) { update(to, unsafe.Pointer(k), unsafe.Pointer(v), 0) }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
"""


def types(body: str, name: str) -> tuple[str, ...]:
    section = read(compile_go(f"{HEAD}{body}\nreturn 0 }}\n").elf).section(".BTF")
    assert section is not None
    btf = Btf(section.data)
    found = btf.map_definitions()[name]
    ids = found.key_type, found.value_type, found.event_type
    return tuple("-" if t is None else btf.record(t).name or btf.record(t).kind.name for t in ids)


UPDATE = "update(unsafe.Pointer(&m), unsafe.Pointer(&k), unsafe.Pointer(&v), 0)"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ("-", "-", "-")),
        (f"var k key; var v value; {UPDATE}", ("key", "value", "-")),
        (f"var k uint64; var v named; {UPDATE}", ("uint64", "named", "-")),
        (f"var k key; var v [8]byte; {UPDATE}", ("key", "ARRAY", "-")),
        (f"var v value; {{ var k key; {UPDATE} }}; {{ var k uint64; {UPDATE} }}", ("ARRAY", "value", "-")),
        ("var k key; find(&k)", ("key", "value", "-")),
        ("var k key; if p := find(&k); p != nil { p.n++ }", ("key", "value", "-")),
        ("var k key; var v value; put(unsafe.Pointer(&m), &k, &v)", ("key", "value", "-")),
        ("k := unsafe.Pointer(new(key)); lookup(unsafe.Pointer(&m), k)", ("key", "ARRAY", "-")),
    ],
)
def test_key_and_value(body: str, expected: tuple[str, ...]) -> None:
    assert types(body, "m") == expected


def test_maps_are_told_apart() -> None:
    body = (
        f"var k key; var v value; {UPDATE}; var n uint64; lookup(unsafe.Pointer(&other), unsafe.Pointer(&n))"
    )
    assert types(body, "m") == ("key", "value", "-")
    assert types(body, "other") == ("uint64", "ARRAY", "-")


RESERVE = "p := (*value)(reserve(unsafe.Pointer(&ring), 8, 0)); if p != nil { discard(unsafe.Pointer(p), 0) }"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("var e value; output(unsafe.Pointer(&ring), unsafe.Pointer(&e), 8, 0)", "value"),
        ("e := &key{1, 2}; output(unsafe.Pointer(&ring), unsafe.Pointer(e), 8, 0)", "key"),
        (RESERVE, "value"),
        (f"{RESERVE}; output(unsafe.Pointer(&ring), unsafe.Pointer(&key{{}}), 8, 0)", "-"),
    ],
)
def test_events(body: str, expected: str) -> None:
    """Of two kinds of events in one map there is no one type."""
    assert types(body, "ring") == ("-", "-", expected)
