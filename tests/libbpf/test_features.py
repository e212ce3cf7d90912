"""What a kernel can do, by trying it."""

from __future__ import annotations

import errno
import os

import pytest

from tinybpf import system
from tinybpf.errors import MissingError
from tinybpf.libbpf import _hints, _probe, features
from tinybpf.libbpf.enums import BpfMapType, BpfProgType
from tinybpf.libbpf.features import Finding, State


def test_every_type_that_this_project_knows_has_a_feature():
    programs = {feature.type for feature in features.PROGRAMS}
    assert programs == {kind for kind in BpfProgType if kind} - {
        kind for kind in BpfProgType if kind.name.startswith("UNKNOWN")
    }
    maps = {feature.type for feature in features.MAPS}
    assert maps == {kind for kind in BpfMapType if kind and not kind.name.startswith("UNKNOWN")}
    for group in (features.PROGRAMS, features.MAPS):
        names = [feature.name for feature in group]
        assert len(set(names)) == len(names)


def test_a_name_that_is_not_there():
    with pytest.raises(MissingError, match=r"no program type 'xpd' is known; there is: kprobe, .*, xdp, "):
        features.program_type("xpd")
    with pytest.raises(KeyError, match="no map type 'HASH' is known; there is: hash, array"):
        features.map_type("HASH")


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        (errno.EINVAL, State.MISSING, "Linux 5.13 brought it"),
        (errno.ENOSYS, State.MISSING, "this kernel was built without CONFIG_BPF_SYSCALL"),
        (errno.EPERM, State.FORBIDDEN, "this process lacks CAP_BPF"),
        (errno.ENOMEM, State.UNKNOWN, "Cannot allocate memory"),
    ],
)
def test_what_an_errno_means(monkeypatch: pytest.MonkeyPatch, code: int, state: State, reason: str):
    monkeypatch.setattr(system, "kernel_release", lambda: "5.4.0-test")
    monkeypatch.setattr(_hints, "missing_capabilities", list)
    found = _probe.Feature("thing", "5.13")._finding(-code)
    assert (found.state, found.errno, found.reason) == (state, code, reason)


def test_a_newer_kernel_lacks_it_for_its_configuration(monkeypatch: pytest.MonkeyPatch):
    feature = _probe.Feature("thing", "5.13", ("CONFIG_THIS", "CONFIG_THAT"))
    monkeypatch.setattr(system, "kernel_release", lambda: "6.1.0")
    monkeypatch.setattr(system, "kernel_config", lambda: ("/x", {"CONFIG_THIS": "y"}))
    assert feature._finding(-errno.EINVAL).reason == "this kernel was built without CONFIG_THAT"
    monkeypatch.setattr(system, "kernel_config", lambda: None)
    assert feature._finding(-errno.EINVAL).reason == (
        "the kernel refuses it (Invalid argument): built without CONFIG_THIS or CONFIG_THAT?"
    )


def test_what_the_kernel_lacks_is_remembered_and_what_it_forbids_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_probe, "_known", {})
    asked = []

    class Asked(_probe.Feature):
        def _try(self) -> Finding:
            asked.append(self.name)
            return Finding(State.FORBIDDEN if self.name == "forbidden" else State.MISSING, errno.EPERM)

    for name in ("forbidden", "missing"):
        feature = Asked(name, "5.8")
        assert feature.probe() == feature.probe()
    assert asked == ["forbidden", "forbidden", "missing"]


@pytest.mark.kernel
class TestThisKernel:
    @pytest.fixture(autouse=True)
    def forget(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_probe, "_known", {})

    def test_what_every_kernel_has_works(self):
        for name in ("socket", "tc", "tracepoint", "xdp", "cgroup_skb"):
            assert features.program_type(name).probe() == Finding(State.WORKS)
        for name in ("hash", "array", "percpu_array", "lpm_trie", "array_of_maps", "stack_trace"):
            assert features.map_type(name).probe() == Finding(State.WORKS)

    def test_what_is_newer_than_the_kernel_is_missing_and_says_so(self):
        newer = [f for f in (*features.PROGRAMS, *features.MAPS) if system.older_than(f.since)]
        for feature in newer:
            found = feature.probe()
            # A distribution may have brought it to an older kernel.
            if found.state is not State.WORKS:
                assert found.state is State.MISSING
                assert found.reason == f"Linux {feature.since} brought it"

    def test_nothing_works_that_the_kernel_is_older_than_by_far(self):
        assert not any(
            feature.probe().state is State.WORKS
            for feature in features.MAPS
            if system.older_than(f"{int(feature.since.split('.')[0]) - 1}.0")
        )

    def test_a_number_that_no_kernel_knows(self):
        future = _probe.ProgramFeature("future", "99.0", type=BpfProgType(200)).probe()
        assert (future.state, future.errno) == (State.MISSING, errno.EINVAL)
        assert future.reason == "Linux 99.0 brought it"
        assert _probe.MapFeature("future", "99.0", type=BpfMapType(200)).probe().state is State.MISSING

    def test_a_function_that_the_kernel_does_not_have(self):
        feature = _probe.ProgramFeature(
            "fentry", "5.5", type=BpfProgType.TRACING, attach_type=24, target=(12, "no_such_function_1")
        )
        found = feature.probe()
        assert found.state is State.MISSING and found.errno == errno.ENOENT
        if os.path.exists("/sys/kernel/btf/vmlinux"):
            assert found.reason == "the kernel has no no_such_function_1"

    def test_nothing_is_left_open(self):
        before = len(os.listdir("/proc/self/fd"))
        for feature in (*features.PROGRAMS, *features.MAPS):
            feature.probe()
        assert len(os.listdir("/proc/self/fd")) == before

    def test_every_answer_has_a_reason(self):
        for feature in (*features.PROGRAMS, *features.MAPS):
            found = feature.probe()
            assert (found.state is State.WORKS) == (found.errno == 0) == (not found.reason), feature.name
            assert found.state is not State.UNKNOWN, (feature.name, found)
