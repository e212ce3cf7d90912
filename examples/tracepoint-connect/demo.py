"""Trace connections, make some, and see that each is reported; ends by itself.

Exit status 0: each connection made here was seen with the right process, address and port.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tinybpf

SECONDS = 10.0
"""How long to wait for the events."""

FIRST_PID_NAMESPACE = 0xEFFFFFFC
"""The inode number that the kernel gives the PID namespace it starts with."""

CHILD = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2]))).close()"


@dataclass(frozen=True)
class Connection:
    """A connection made here; ``pid`` is the process's as it sees itself."""

    pid: int
    address: str
    port: int


@contextlib.contextmanager
def listener(address: str) -> Generator[int, None, None]:
    """A port that takes connections."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen()
        yield server.getsockname()[1]


def connect(address: str, *, in_child: bool = False) -> Connection:
    """Connect to a new port, from this process or from a child."""
    with listener(address) as port:
        if not in_child:
            socket.create_connection((address, port)).close()
            return Connection(os.getpid(), address, port)
        child = subprocess.Popen([sys.executable, "-c", CHILD, address, str(port)])
        if child.wait() != 0:
            sys.exit("demo: the child process could not connect")
        return Connection(child.pid, address, port)


def make_connections() -> list[Connection]:
    made = [connect("127.0.0.1"), connect("127.0.0.1", in_child=True), connect("127.0.0.1", in_child=True)]
    with contextlib.suppress(OSError):  # no IPv6 here
        made.append(connect("::1"))
    return made


def destination(event: Any) -> tuple[str, int]:
    """Where an event's connection goes: address and port."""
    return str(event.Addr4 if event.Family == socket.AF_INET else event.Addr6), event.Port


def watch(obj: tinybpf.BpfObject, made: list[Connection]) -> dict[Connection, int]:
    """Print events until each connection was seen; the process id in the event for each."""
    missing = {(connection.address, connection.port): connection for connection in made}
    seen: dict[Connection, int] = {}
    for event in obj.ring_buffer("connections", timeout=SECONDS):
        address, port = destination(event)
        connection = missing.pop((address, port), None)
        line = f"{event.Comm.text:<16} {event.PID:>8}  {address:<39} {port:>5}"
        print(line + ("   <- made here" if connection else ""))
        if connection:
            seen[connection] = event.PID
        if not missing:
            break
    return seen


def in_first_namespace() -> bool:
    """Whether processes know themselves by the process ids that the kernel reports."""
    return os.stat("/proc/self/ns/pid").st_ino == FIRST_PID_NAMESPACE


def check_pids(seen: dict[Connection, int]) -> str | None:
    """What is wrong with the process ids, or None."""
    if in_first_namespace():
        wrong = [f"{at.port}: {pid}, not {at.pid}" for at, pid in seen.items() if pid != at.pid]
        return f"wrong process ids at ports {'; '.join(wrong)}" if wrong else None
    ours = {at.pid: pid for at, pid in seen.items()}
    same = all(ours[at.pid] == pid for at, pid in seen.items()) and len(set(ours.values())) == len(ours)
    return None if same else "events mix up the processes"


def main() -> int:
    if os.geteuid() != 0:
        print("demo: loading programs into the kernel needs root: sudo make demo", file=sys.stderr)
        return 1
    started = time.perf_counter()
    with tinybpf.load_go(Path(__file__).parent / "bpf") as obj:
        obj.program("connect").attach()
        took = (time.perf_counter() - started) * 1e3
        print(f"Compiled, loaded and attached in {took:.0f} ms. Connections of this machine:\n")
        print(f"{'PROCESS':<16} {'PID':>8}  {'ADDRESS':<39} {'PORT':>5}")
        made = make_connections()
        seen = watch(obj, made)
    lost = [connection for connection in made if connection not in seen]
    if lost:
        print(f"demo: no event for {lost}", file=sys.stderr)
        return 1
    problem = check_pids(seen)
    if problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    print(f"\n{len(seen)} of {len(made)} connections made here were seen, each with its process and port.")
    if not in_first_namespace():
        print(
            "This is a PID namespace (a container): the kernel reports other process ids than processes see"
        )
        print("of themselves. So it was compared which connections come from the same process, not the ids.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
