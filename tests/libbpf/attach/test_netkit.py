"""netkit: what is said where it cannot be; attaching needs a kernel with CONFIG_NETKIT."""

from __future__ import annotations

import subprocess

import pytest

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build):
    with tinybpf.load(build("filters")) as loaded:
        yield loaded


def test_not_a_netkit_device(obj):
    with pytest.raises(tinybpf.BpfError, match=r"attach netkit to 'lo' \(primary\) failed: "):
        obj.program("incoming").attach_netkit("lo", peer=False)
    with pytest.raises(ValueError, match="section 'tcx/ingress' does not say which side"):
        obj.program("incoming").attach_netkit("lo")
    with pytest.raises(tinybpf.NotFoundError, match="attach netkit to 'eth99' failed"):
        obj.program("incoming").attach_netkit("eth99", peer=True)


def test_a_device(obj):
    name = "tinybpfnk"
    made = subprocess.run(["ip", "link", "add", name, "type", "netkit"], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this kernel has no netkit")
    try:
        link = obj.program("either").attach_netkit(name, peer=False)
        assert link.target == f"netkit:{name}/primary"
        link.destroy()
    finally:
        subprocess.run(["ip", "link", "del", name], check=True)
