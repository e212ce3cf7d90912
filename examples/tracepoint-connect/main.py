"""Print the connections that this machine opens, until Ctrl-C."""

import contextlib
import socket
import struct
from pathlib import Path
from typing import Any

import tinybpf

PACKAGE = Path(__file__).parent / "bpf"


def destination(event: Any) -> tuple[str, int]:
    """Where an event's connection goes: address and port."""
    if event.Family == socket.AF_INET:
        address = socket.inet_ntop(socket.AF_INET, struct.pack("=I", event.DstAddrBE))
    else:
        address = socket.inet_ntop(socket.AF_INET6, event.DstAddr6)
    return address, socket.ntohs(event.DstPortBE)


def line(event: Any) -> str:
    address, port = destination(event)
    return f"{event.Comm.text:<16} {event.PID:>8}  {address:<39} {port:>5}"


HEADER = f"{'PROCESS':<16} {'PID':>8}  {'ADDRESS':<39} {'PORT':>5}"


def main() -> None:
    with tinybpf.load_go(PACKAGE) as obj:
        obj.program("handle_connect").attach()
        print(HEADER, flush=True)
        for event in obj.ring_buffer("events"):
            print(line(event), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
