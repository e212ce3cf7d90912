from __future__ import annotations

import pytest

from tinybpf.errors import BpfError
from tinybpf.show.shape import Group, Leaf, bytes_shape, shape_of


def forms(shape: Group | Leaf) -> dict[str, str]:
    leaves = shape.leaves() if isinstance(shape, Group) else [shape]
    return {leaf.name: leaf.form for leaf in leaves}


def test_forms_of_clangs_struct(shapes):
    assert forms(shape_of(shapes, shapes.find("conn"))) == {
        "When": "time", "PID": "int", "Comm": "text", "Src": "ip", "Dst": "ip", "Port": "be",
        "Verdict": "enum", "Took": "duration", "Mac": "mac", "Mode": "oct", "Ret": "errno", "Flags": "hex",
        "Len": "size", "Bits": "int", "Rest": "int", "Ok": "bool", "Ptr": "pointer",
    }  # fmt: skip


def test_padding_is_no_field(shapes):
    assert "_" not in forms(shape_of(shapes, shapes.find("conn")))


def test_bit_fields(shapes):
    leaves = {leaf.name: leaf for leaf in shape_of(shapes, shapes.find("conn")).leaves()}
    assert (leaves["Bits"].shift, leaves["Bits"].bits) == (0, 3)
    assert (leaves["Rest"].shift, leaves["Rest"].bits) == (3, 29)


def test_scalars_are_leaves(shapes, btf_maker):
    made = btf_maker()
    number = made.integer("unsigned long", 8)
    shape = shape_of(made.btf(), number)
    assert shape == Leaf("value", 0, 8, "int", "Q")


@pytest.mark.parametrize(
    ("name", "form"),
    [("Comm", "text"), ("FileName", "text"), ("path", "text"), ("Data", "guess"), ("Addr", "guess")],
)
def test_byte_arrays_by_name(btf_maker, name, form):
    made = btf_maker()
    array = made.array(made.integer("unsigned char", 1), 16)
    struct = made.struct("S", 16, (name, array, 0))
    assert forms(shape_of(made.btf(), struct)) == {name: form}


def test_chars_are_text(btf_maker):
    made = btf_maker()
    array = made.array(made.integer("char", 1, 1), 16)
    struct = made.struct("S", 16, ("Data", array, 0))
    assert forms(shape_of(made.btf(), struct)) == {"Data": "text"}


def test_tags(btf_maker):
    """Each tag where it fits; where it does not, the field is what its type says."""
    made = btf_maker()
    u8, u32, u64 = (made.integer(f"u{8 * size}", size) for size in (1, 4, 8))
    bytes4, bytes6, words = made.array(u8, 4), made.array(u8, 6), made.array(u32, 3)
    fields = [
        ("a", u32, "hex", "hex"),
        ("b", u32, "ip", "ip"),
        ("c", u32, "mac", "int"),
        ("d", u64, "time", "time"),
        ("e", u64, "duration", "duration"),
        ("f", u64, "bytes", "size"),
        ("g", u64, "errno", "errno"),
        ("h", u32, "oct", "oct"),
        ("i", u32, "be", "be"),
        ("j", bytes4, "ip", "ip"),
        ("k", bytes4, "text", "text"),
        ("l", bytes4, "hex", "hexbytes"),
        ("m", bytes4, "bytes", "hexbytes"),
        ("n", bytes6, "mac", "mac"),
        ("o", bytes6, "ip", "guess"),
        ("p", u32, "nonsense", "int"),
        ("q", words, "hex", "list"),
    ]
    sizes = {u32: 4, u64: 8, bytes4: 4, bytes6: 6, words: 12}
    members, at = [], 0
    for name, type_id, _, _ in fields:
        members.append((name, type_id, 8 * at))
        at += sizes[type_id]
    struct = made.struct("S", at, *members)
    for index, (_, _, tag, _) in enumerate(fields):
        made.type(17, f"show:{tag}", struct, index)  # a declaration tag
    shape = shape_of(made.btf(), struct)
    assert forms(shape) == {name: form for name, _, _, form in fields}
    assert shape.leaves()[-1].element.form == "hex"


def test_nested_structs_and_anonymous_unions(btf_maker):
    made = btf_maker()
    u32 = made.integer("u32", 4)
    inner = made.struct("Inner", 8, ("A", u32, 0), ("B", u32, 32))
    union = made.union("", 4, ("X", u32, 0), ("Y", u32, 0))
    outer = made.struct("Outer", 16, ("In", inner, 0), ("", union, 64), ("Z", u32, 96))
    leaves = shape_of(made.btf(), outer).leaves()
    assert [(leaf.name, leaf.offset) for leaf in leaves] == [
        ("In.A", 0), ("In.B", 4), ("X", 8), ("Y", 8), ("Z", 12),
    ]  # fmt: skip


def test_a_struct_of_a_known_name_but_another_size_is_an_ordinary_one(btf_maker):
    made = btf_maker()
    u32 = made.integer("u32", 4)
    struct = made.struct("in_addr", 8, ("a", u32, 0), ("b", u32, 32))
    assert forms(shape_of(made.btf(), struct)) == {"a": "int", "b": "int"}


def test_a_struct_that_nests_too_deep(btf_maker):
    made = btf_maker()
    inner = made.integer("u32", 4)
    for number in range(40):
        inner = made.struct(f"S{number}", 4, ("In", inner, 0))
    with pytest.raises(BpfError, match="nests deeper than 32"):
        shape_of(made.btf(), inner)


def test_more_fields_than_anybody_could_read(btf_maker):
    made = btf_maker()
    u32 = made.integer("u32", 4)
    struct = made.struct("S", 4 * 600, *((f"F{n}", u32, 32 * n) for n in range(600)))
    with pytest.raises(BpfError, match="type 'S' has more than 512 fields"):
        shape_of(made.btf(), struct)


def test_bytes_of_which_nothing_is_known():
    assert bytes_shape(4).form == "int"
    assert bytes_shape(5).form == "guess"
