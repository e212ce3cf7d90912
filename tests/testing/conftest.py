"""Running pytest with the plugin, in a folder of its own, on this kernel and on stand-ins of others."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import tinybpf

# A run of pytest within this process takes back all imports that it made, and each would start a compiler.
for _module in pkgutil.walk_packages(tinybpf.__path__, "tinybpf."):
    if not _module.name.endswith(("__main__", "_llvm_worker", ".guest")):
        importlib.import_module(_module.name)

PLUGIN = "tinybpf.testing"

FILTER = """
// Package bpf drops UDP packets to one port, and counts them.
package bpf

import "tinybpf/ebpf"

var port uint16 = 53

var dropped uint64

//bpf:section xdp
func dropPort(ctx *ebpf.XDP) ebpf.XDPAction {
	udp := ebpf.Header[ebpf.UDP](ctx, 34)
	if udp == nil || udp.DstPort.Uint16() != port {
		return ebpf.XDPPass
	}
	dropped++
	return ebpf.XDPDrop
}
"""

PACKET = """
PASS, DROP = 2, 1

def udp(port):
    return bytes(36) + port.to_bytes(2, "big") + bytes(10)
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest with the plugin; the test's folder has the package ``bpf``."""
    monkeypatch.delenv("TINYBPF_VM", raising=False)  # these tests may run in a guest themselves
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # each run would import them anew
    pytester.mkdir("bpf").joinpath("filter.go").write_text(FILTER.lstrip())
    pytester.makepyfile(packets=PACKET)
    pytester.syspathinsert()

    def execute(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest("-p", PLUGIN, "-rA", *arguments)

    return execute


class Standin(NamedTuple):
    """As `tinybpf.vm.Kernel`."""

    version: str
    release: str


@pytest.fixture
def standins(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Guests whose kernel is this one: a process here. Gets the kernels that were asked for."""
    from tinybpf import vm
    from tinybpf.testing import fleet
    from tinybpf.vm import tools

    if os.geteuid():
        pytest.skip("needs root: who stands in for a guest has the rights of this process")
    asked: list[str] = []

    def kernel(line: str, say: object) -> Standin:
        asked.append(line)
        return Standin(line, f"{line}.0-standin")

    def command(job: Path) -> list[str]:
        line = json.loads(job.read_text())["kernel"]
        script = Path(fleet.__file__).with_name("guest.py")
        return ["env", f"TINYBPF_VM={line}", sys.executable, str(script), str(job)]

    monkeypatch.setattr(tools, "find", lambda names: {})
    monkeypatch.setattr(vm, "kernel", kernel)
    monkeypatch.setattr(fleet, "boot_command", command)
    return asked
