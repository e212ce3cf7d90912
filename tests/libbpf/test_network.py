"""What the names of C's types say: network byte order, IP addresses, enums, declaration tags."""

from __future__ import annotations

import ctypes
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

import tinybpf
from tinybpf.errors import BpfError
from tinybpf.libbpf.btf import Btf, BtfKind
from tinybpf.libbpf.btf_ext import read_sections
from tinybpf.libbpf.codec import codec_for
from tinybpf.libbpf.types import python_type

GATEWAY, OTHER = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")


@pytest.fixture(scope="module")
def elf(project) -> bytes:
    return (project / "tests/libbpf/data/network.elf").read_bytes()


@pytest.fixture(scope="module")
def btf(elf: bytes) -> Btf:
    return Btf(read_sections(elf)[".BTF"])


@pytest.fixture(scope="module")
def flow(btf: Btf) -> Any:
    found = btf.find("flow", BtfKind.STRUCT)
    assert found
    return python_type(btf, found)


def codec(btf: Btf, name: str) -> Any:
    found = btf.find(name)
    assert found
    return codec_for(btf, found, btf.size_of(found))


class TestNetworkOrder:
    @pytest.mark.parametrize(("name", "size"), [("__be16", 2), ("__be32", 4), ("__be64", 8)])
    def test_both_ways(self, btf: Btf, name: str, size: int):
        number = codec(btf, name)
        top = (1 << 8 * size) - 1
        for value in (0, 1, 80, 0x102, top):
            raw = value.to_bytes(size, "big")
            assert number.encode(value) == raw and number.decode(raw) == value
            assert type(number.decode(raw)) is int
        for value in (-1, top + 1):
            with pytest.raises(ValueError, match=f"value {value} is out of range 0 to {top}"):
                number.encode(value)
        with pytest.raises(TypeError, match=r"'80' \(str\) is no integer"):
            number.encode("80")
        with pytest.raises(BpfError, match=f"1 bytes are no {name}: it has {size}"):
            number.decode(b"1")

    def test_bytes_are_taken_as_they_are(self, btf: Btf):
        assert codec(btf, "__be16").encode(b"\x12\x34") == b"\x12\x34"
        assert codec(btf, "__be16").encode(ctypes.c_uint16(0x3412)) == b"\x12\x34"

    def test_other_typedefs_are_the_hosts(self, btf: Btf):
        assert codec(btf, "__u16").decode(b"\x12\x34") == 0x3412


class TestAddresses:
    @pytest.mark.parametrize("given", ["10.0.0.1", GATEWAY, b"\x0a\0\0\1", bytearray(b"\x0a\0\0\1")])
    def test_what_can_be_written(self, btf: Btf, given: object):
        assert codec(btf, "in_addr").encode(given) == b"\x0a\0\0\1"
        assert codec(btf, "in_addr").decode(b"\x0a\0\0\1") == GATEWAY

    def test_version_6(self, btf: Btf):
        address = codec(btf, "in6_addr")
        assert address.encode("fe80::1") == IPv6Address("fe80::1").packed
        assert address.decode(bytes(15) + b"\1") == IPv6Address("::1")

    @pytest.mark.parametrize(
        ("name", "given", "error", "words"),
        [
            ("in_addr", "10.0.0", ValueError, "'10.0.0' is no IPv4 address: Expected 4 octets"),
            ("in_addr", "fe80::1", ValueError, "'fe80::1' is no IPv4 address"),
            ("in6_addr", "10.0.0.1", ValueError, "'10.0.0.1' is no IPv6 address"),
            ("in_addr", IPv6Address("::1"), TypeError, "is no IPv4 address"),
            ("in_addr", 1, TypeError, r"1 \(int\) is no IPv4 address"),
            ("in_addr", b"\1\2\3", ValueError, "3 bytes given, exactly 4 needed"),
            ("in_addr", None, TypeError, "is no IPv4 address"),
        ],
    )
    def test_what_cannot(self, btf: Btf, name: str, given: object, error: type, words: str):
        with pytest.raises(error, match=words):
            codec(btf, name).encode(given)

    def test_the_struct_is_what_counts_not_its_name_alone(self, btf_maker):
        maker = btf_maker()
        word = maker.integer("u32", 4)
        odd = maker.struct("in_addr", 8, ("a", word, 0), ("b", word, 32))
        made = codec_for(maker.btf(), odd, 8)
        assert made.decode(bytes(8)).a == 0


class TestFields:
    def test_of_a_struct(self, flow):
        event = flow(
            to="10.0.0.2",
            port=443,
            sequence=7,
            wide=1,
            ports=(80, 8080),
            verdict="DROP",
            gateways=[GATEWAY, "0.0.0.0"],
        )
        raw = event.to_bytes()
        assert raw[4:8] == OTHER.packed and raw[24:26] == b"\x01\xbb" and raw[28:32] == b"\0\0\0\7"
        assert raw[32:40] == bytes(7) + b"\1" and raw[40:44] == b"\0\x50\x1f\x90" and raw[44] == 7
        again = flow.from_bytes(raw)
        assert again == event and hash(again) == hash(event)
        assert (again.to, again.port, again.ports) == (OTHER, 443, (80, 8080))
        assert again.gateways == (GATEWAY, IPv4Address("0.0.0.0")) and again.verdict.name == "DROP"

    def test_errors_name_the_field(self, flow):
        with pytest.raises(
            ValueError, match=r"flow: 'x' is no IPv4 address: .* for field 'from_' \(in_addr\)"
        ):
            flow(from_="x")
        with pytest.raises(
            ValueError, match=r"value 65536 is out of range 0 to 65535 for field 'port' \(__be16\)"
        ):
            flow(port=65536)

    def test_an_enum_value_without_a_name_stays_a_number(self, flow):
        event = flow(verdict=3)
        assert event.verdict == 3 and type(event.verdict) is int
        assert flow(verdict=0).verdict.name == "PASS"

    def test_an_anonymous_struct_behind_a_typedef(self, flow):
        assert flow(nested={"port": 80}).to_bytes()[56:58] == b"\0\x50"


class TestTags:
    def test_of_members(self, btf: Btf):
        flow = btf.find("flow", BtfKind.STRUCT)
        assert flow
        names = [member.name for member in btf.members(btf.record(flow))]
        tags = {name: btf.decl_tags(flow, index) for index, name in enumerate(names)}
        assert {name: tag for name, tag in tags.items() if tag} == {
            "mode": ("show:oct",),
            "took": ("show:duration",),
        }
        assert btf.decl_tags(flow) == ()

    def test_of_a_type_and_several_of_one_member(self, btf_maker):
        maker = btf_maker()
        word = maker.integer("u32", 4)
        struct = maker.struct("s", 4, ("a", word, 0))
        for name, member in (("whole", -1), ("one", 0), ("two", 0)):
            maker.type(BtfKind.DECL_TAG, name, struct, member)
        made = maker.btf()
        assert made.decl_tags(struct) == ("whole",) and made.decl_tags(struct, 0) == ("one", "two")
        assert made.decl_tags(struct, 1) == made.decl_tags(word) == ()

    def test_names_of_typedefs(self, btf: Btf):
        found = btf.find("__be32")
        assert found and btf.typedef_names(found) == ("__be32", "__u32")


@pytest.mark.kernel
class TestInTheKernel:
    @pytest.fixture
    def obj(self, elf: bytes):
        variables = {"gateway": "10.0.0.1", "knob": 8080, "last": "PASS"}
        with tinybpf.load(elf, variables=variables) as loaded:
            yield loaded

    def test_what_python_writes_the_program_reads_and_back(self, obj):
        blocked = obj.map("blocked")
        assert obj.program("report").test_run(ctx=bytes(8)).retval == 0xFFFFFFFF  # not there yet
        blocked["10.0.0.1"] = 443
        assert obj.program("report").test_run(ctx=bytes(8)).retval == 443
        (event,) = obj.ring_buffer("flows", count=1, timeout=5)
        assert (event.from_, event.to, event.from6) == (GATEWAY, IPv4Address(0), IPv6Address("fe80::9"))
        assert (event.port, event.sequence, event.wide) == (443, 100000, 1 << 40)
        assert event.gateways == (IPv4Address(0), GATEWAY) and event.nested.port == 8080
        assert event.verdict.name == "PASS" and str(event.name) == "x"
        assert (event.mode, event.took) == (0o644, 1500)

    def test_keys(self, obj):
        blocked = obj.map("blocked")
        blocked["10.0.0.1"] = 80
        blocked[OTHER] = 81
        assert dict(blocked) == {GATEWAY: 80, OTHER: 81}
        assert "10.0.0.2" in blocked and blocked[GATEWAY] == blocked[b"\x0a\0\0\1"] == 80
        del blocked["10.0.0.2"]
        assert list(blocked) == [GATEWAY]
        with pytest.raises(ValueError, match=r"'10\.0\.0' is no IPv4 address"):
            blocked["10.0.0"]
        ports = obj.map("by_port")
        ports[443] = "fe80::1"
        assert dict(ports) == {443: IPv6Address("fe80::1")} and repr(ports).count("__be16 → in6_addr")

    def test_views_of_the_users_own_are_as_before(self, obj):
        class Address(ctypes.BigEndianStructure):
            _fields_ = [("s_addr", ctypes.c_uint32)]

        raw = obj.map("blocked").typed(key=Address, value=ctypes.c_uint16)
        raw[Address(0x0A000001)] = 0x5000
        assert obj.map("blocked")["10.0.0.1"] == 80
        assert raw[Address(0x0A000001)].value == 0x5000

    def test_variables(self, obj):
        assert obj.globals["gateway"] == GATEWAY and obj.globals["knob"] == 8080
        assert obj.globals["last"].name == "PASS"
        obj.globals["gateway"] = OTHER
        obj.globals["last"] = 99
        assert obj.globals["gateway"] == OTHER and obj.globals["last"] == 99
