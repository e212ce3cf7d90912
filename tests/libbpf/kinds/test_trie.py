"""Tries with networks for keys."""

from __future__ import annotations

import struct
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_interface, ip_network

import pytest
from observing import observed

import tinybpf
from tinybpf import create_map

pytestmark = pytest.mark.kernel

GO = """package bpf

import "tinybpf/ebpf"

var routes = ebpf.LPMTrie[ebpf.IPv4Addr, uint32]{MaxEntries: 8}

var addr ebpf.IPv4Addr

//bpf:section xdp
func find(ctx *ebpf.XDP) int32 {
	value := routes.Lookup(addr)
	if value == nil {
		return 0
	}
	return int32(*value)
}
"""


@pytest.fixture
def routes():
    with create_map("lpm_trie", key=8, value="u32", max_entries=100, name="routes") as made:
        yield made


def test_networks_as_keys(routes):
    routes["10.0.0.0/8"] = 1
    routes[ip_network("10.1.0.0/16")] = 2
    routes[ip_interface("10.1.2.3/24")] = 3
    routes[ip_address("192.168.0.1")] = 4
    routes[(12, bytes([172, 16, 0, 0]))] = 5
    routes[struct.pack("=I4s", 0, bytes(4))] = 6
    assert observed("routes of three addresses", [routes[f"10.{x}.9"] for x in ("2.3", "1.3", "1.2")]) == [
        1,
        2,
        3,
    ]
    assert (routes["192.168.0.1"], routes["192.168.0.2"], routes[ip_address("172.17.0.1")]) == (4, 6, 5)
    assert routes.to_dict() == {
        IPv4Network("10.0.0.0/8"): 1,
        IPv4Network("10.1.0.0/16"): 2,
        IPv4Network("10.1.2.0/24"): 3,
        IPv4Network("192.168.0.1/32"): 4,
        IPv4Network("172.16.0.0/12"): 5,
        IPv4Network("0.0.0.0/0"): 6,
    }
    assert len(routes) == 6 and routes.typed(key=bytes)[struct.pack("=I4s", 32, bytes(4))] == 6
    del routes["0.0.0.0/0"]
    assert "192.168.0.2" not in routes and routes.get("8.8.8.8") is None
    assert routes.pop("10.0.0.0/8") == 1 and routes.delete("10.0.0.0/8") is False
    with pytest.raises(KeyError):
        routes["8.8.8.8"]
    routes.clear()
    assert len(routes) == 0


def test_six():
    with create_map("lpm_trie", key=20, value="u32", max_entries=100) as routes:
        routes["2001:db8::/32"] = 1
        routes["::/0"] = 2
        assert (routes["2001:db8:1::1"], routes["::1"]) == (1, 2)
        assert set(routes) == {IPv6Network("2001:db8::/32"), IPv6Network("::/0")}
        with pytest.raises(ValueError, match=r"10\.0\.0\.0/8 has 4 bytes, the map's keys have 16"):
            routes["10.0.0.0/8"] = 1


@pytest.mark.parametrize(
    "key, why",
    [
        ("here", "'here' is no address, and no network"),
        ("10.0.0.0/33", "is no address"),
        ("::1", "has 16 bytes, the map's keys have 4"),
        ((33, bytes(4)), "a prefix has 0 to 32 bits, not 33"),
        ((8, bytes(5)), "has 5 bytes"),
        (b"short", "5 bytes given, exactly 8 needed"),
    ],
)
def test_keys_that_are_none(routes, key, why):
    with pytest.raises(ValueError, match=why):
        routes[key] = 1


def test_entries_go_while_it_is_read(routes):
    for number in range(100):
        routes[f"10.0.{number}.0/24"] = number
    for network in routes:
        del routes[network]
    assert len(routes) == 0


def test_of_an_object():
    for address, value in (("10.9.8.7", 3), ("11.9.8.7", 0)):
        with tinybpf.load_go(GO, variables={"addr": address}) as obj:
            routes = obj.map("routes")
            routes["10.0.0.0/8"] = 3
            assert obj.program("find").test_run(data=bytes(64)).retval == value
            assert list(routes) == [IPv4Network("10.0.0.0/8")]
