"""What programs are attached to, where it is not there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tinybpf.errors import BpfError
from tinybpf.show import targets


def test_no_cgroup2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinybpf.system.mounted", lambda kind: [])
    program = SimpleNamespace(name="deny", section="cgroup/connect4")
    with pytest.raises(BpfError) as caught:
        targets._root_cgroup(program)
    said, hint = str(caught.value).split("\n")
    assert said == "'deny' (cgroup/connect4) needs a cgroup of version 2, and none is mounted"
    # Below /sys/fs/cgroup no directory can be made where nothing is mounted there.
    assert hint == "  hint: mkdir -p /run/cgroup2 && mount -t cgroup2 none /run/cgroup2"
