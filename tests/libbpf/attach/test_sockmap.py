"""sk_msg and sk_skb: data of the sockets in a map passes, or does not."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator

import pytest
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def load(build: Callable[..., bytes]) -> Iterator[Callable[..., tinybpf.BpfObject]]:
    opened: list[tinybpf.BpfObject] = []

    def made(*programs: str) -> tinybpf.BpfObject:
        opened.append(tinybpf.load(build("sockmap", *programs), variables={}))
        return opened[-1]

    yield made
    for obj in opened:
        obj.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """The two ends of a TCP connection."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.socket() as client:
            client.connect(server.getsockname())
            accepted, _ = server.accept()
            with accepted:
                accepted.settimeout(0.3)
                yield client, accepted


def passes(pair: Pair, text: bytes) -> bool:
    """Whether what one end sends arrives at the other."""
    try:
        pair[0].send(text)
    except PermissionError:
        return False
    try:
        return pair[1].recv(100) == text
    except TimeoutError:
        return False


def test_what_is_sent(load, pair: Pair):
    obj = load("sending")
    link = obj.program("sending").attach_sockmap(obj.map("sockets"))
    assert link.target == "sockmap:sockets/msg_verdict"
    obj.map("sockets")[0] = pair[0].fileno()
    assert passes(pair, b"one") and obj.globals["sent"] == 1
    obj.globals["dropping"] = 1
    assert not passes(pair, b"two") and observed("messages judged", obj.globals["sent"]) == 2


@pytest.mark.parametrize("name", ["deciding", "receiving", "plain"])
def test_what_is_received(load, pair: Pair, name: str):
    obj = load(name)
    with obj.program(name).attach_sockmap(obj.map("sockets")):
        obj.map("sockets")[0] = pair[1].fileno()
        assert passes(pair, b"one") and obj.globals["received"] == 1
        obj.globals["dropping"] = 1
        assert not passes(pair, b"two") and observed("messages judged", obj.globals["received"]) == 2


def test_messages_are_parsed_first(load, pair: Pair):
    obj = load("parse", "receiving")
    obj.program("parse").attach_sockmap(obj.map("sockets"))
    obj.program("receiving").attach_sockmap(obj.map("sockets"))
    obj.map("sockets")[0] = pair[1].fileno()
    assert passes(pair, b"one")
    assert (obj.globals["parsed"], obj.globals["received"]) == (1, 1)


def test_in_a_table(load, pair: Pair):
    obj = load("sending")
    link = obj.program("sending").attach_sockmap(obj.map("hashed"))
    obj.map("hashed")[77] = pair[0].fileno()
    obj.globals["dropping"] = 1
    assert not passes(pair, b"one") and obj.globals["sent"] == 1
    if not system.older_than("6.10"):
        info = link.info
        assert (info.type.name, info.attach_type.name) == ("SOCKMAP", "SK_MSG_VERDICT")
        with pytest.raises(tinybpf.BpfError, match="map 'hashed' has such a program already") as caught:
            obj.program("sending").attach_sockmap(obj.map("hashed"))
        assert caught.value.errno == errno.EBUSY


def test_without_a_link(load, pair: Pair, monkeypatch: pytest.MonkeyPatch):
    """As kernels before 6.10 do it."""
    monkeypatch.setattr(system, "kernel_version", lambda: (6, 1))
    obj = load("sending")
    link = obj.program("sending").attach_sockmap(obj.map("sockets"))
    assert link.fd == -1
    obj.map("sockets")[0] = pair[0].fileno()
    obj.globals["dropping"] = 1
    assert not passes(pair, b"one") and obj.globals["sent"] == 1
    link.destroy()
    link.destroy()


def test_what_cannot_be(load):
    obj = load("sending")
    with pytest.raises(tinybpf.BpfError, match="map 'other' is of type HASH, this needs SOCKMAP or SOCKHASH"):
        obj.program("sending").attach_sockmap(obj.map("other"))
    with pytest.raises(TypeError, match="map must be a BpfMap, not str"):
        obj.program("sending").attach_sockmap("sockets")
    with pytest.raises(tinybpf.BpfError, match=r"attach_sockmap\(map\) does it"):
        obj.program("sending").attach()
