"""What a kernel can do, by trying it."""

from __future__ import annotations

import errno
import os

import pytest
from descriptors import descriptors, settled
from observing import observed

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
    for group in (features.PROGRAMS, features.MAPS, features.LINKS):
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


def test_the_names_of_helpers_are_the_kernels():
    from tinybpf.compiler.kernel.helpers_data import HELPERS
    from tinybpf.libbpf.helper_names import numbers

    assert numbers() == {name: number for name, (number, _) in HELPERS.items()}


def test_helpers_go_by_their_names():
    helper = features.helper("ringbuf_output", "xdp")
    assert (helper.name, helper.number, helper.since) == ("bpf_ringbuf_output", 130, "5.8")
    assert helper == features.helper("bpf_ringbuf_output", "xdp") != features.helper("bpf_ringbuf_output")
    assert helper.needs == ("CAP_BPF", "CAP_NET_ADMIN") and features.helper("loop").needs == ("CAP_BPF",)
    with pytest.raises(MissingError, match=r"no helper 'ringbuf_outptu' is known; did you mean 'bpf_ring"):
        features.helper("ringbuf_outptu")
    with pytest.raises(KeyError, match="no program type 'xpd'"):
        features.helper("loop", "xpd")
    with pytest.raises(KeyError, match="no link type 'tc' is known; there is: cgroup_link, "):
        features.link_type("tc")


@pytest.mark.parametrize(
    ("log", "in_general", "for_a_kind"),
    [
        ("0: (85) call pc\ninvalid func unknown#250", State.MISSING, State.MISSING),
        ("0: (85) call bpf_loop#181\nunknown func bpf_loop#181", State.WORKS, State.MISSING),
        ("program of this type cannot use helper bpf_loop#181", State.WORKS, State.MISSING),
        ("0: (85) call bpf_loop#181\nR2 type=scalar expected=func", State.WORKS, State.WORKS),
    ],
)
def test_what_the_verifier_says_of_a_call(monkeypatch, log: str, in_general: State, for_a_kind: State):
    monkeypatch.setattr(_probe, "load_program", lambda *args, **options: (-errno.EINVAL, log))
    monkeypatch.setattr(_probe, "_known", {})
    for program, state in ((None, in_general), ("xdp", for_a_kind)):
        found = features.helper("loop", program).probe()
        assert found.state is state and bool(found.reason) == (state is State.MISSING)


def test_one_import_is_enough():
    import tinybpf

    assert tinybpf.features.map_type is features.map_type
    assert set(tinybpf.features.__all__) == set(features.__all__)


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

    def test_helpers(self):
        for name, program in (
            ("map_lookup_elem", None), ("xdp_adjust_head", "xdp"), ("skb_load_bytes", "socket"),
            ("get_current_comm", "tracepoint"), ("redirect", "tc"), ("tail_call", "cgroup_skb"),
        ):  # fmt: skip
            assert features.helper(name, program).works, name
        for name, program in (("xdp_adjust_head", "tc"), ("skb_load_bytes", "xdp"), ("redirect", "socket")):
            found = features.helper(name, program).probe()
            assert found.state is State.MISSING
            assert found.reason == f"programs of section {program} cannot call it in this kernel"

    def test_helpers_newer_than_the_kernel(self):
        from tinybpf.libbpf.helper_names import numbers

        before = settled()
        for name in numbers():
            feature = features.helper(name)
            if system.older_than(feature.since):
                found = feature.probe()
                if found.state is not State.WORKS:  # a distribution may have brought it to an older kernel
                    assert (found.state, found.reason) == (State.MISSING, f"Linux {feature.since} brought it")
            else:
                assert feature.works, name
        assert descriptors() == before
        observed("helpers that work", sum(features.helper(name).works for name in numbers()))

    def test_links(self):
        for feature in features.LINKS:
            found = feature.probe()
            assert (found.state is State.WORKS) == (found.errno == 0) == (not found.reason), feature.name
            assert found.state is not State.UNKNOWN, (feature.name, found)
            if system.older_than(feature.since) and found.state is State.MISSING:
                assert feature.since in found.reason
        if not system.older_than("5.15"):
            assert features.link_type("perf_link").works and features.link_type("cgroup_link").works
        observed("kinds of links that work", sum(feature.works for feature in features.LINKS))

    def test_what_links_says_is_true(self, build, monkeypatch: pytest.MonkeyPatch):
        """XDP's probe against a real link."""
        import tinybpf

        assert features.link_type("xdp_link").works
        with tinybpf.load(build("packets")) as obj, obj.program("drop_udp").attach_xdp("lo"):
            monkeypatch.setattr(_probe, "_known", {})
            assert features.link_type("xdp_link").works

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
        before = settled()
        for feature in (*features.PROGRAMS, *features.MAPS, *features.LINKS):
            feature.probe()
        assert descriptors() == before

    def test_every_answer_has_a_reason(self):
        for feature in (*features.PROGRAMS, *features.MAPS):
            found = feature.probe()
            assert (found.state is State.WORKS) == (found.errno == 0) == (not found.reason), feature.name
            assert found.state is not State.UNKNOWN, (feature.name, found)
        known = (*features.PROGRAMS, *features.MAPS)
        observed("types of programs and maps that work", sum(feature.works for feature in known))
