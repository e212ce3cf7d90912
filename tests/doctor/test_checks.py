"""What is said about a machine, for machines of all kinds."""

from __future__ import annotations

import os

import pytest

from tinybpf import system
from tinybpf.doctor import kernel, kinds, places, process, report, tools
from tinybpf.doctor.report import Ability, Check, Kind, Level
from tinybpf.libbpf.features import Finding, State, program_type


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch):
    return lambda text: monkeypatch.setattr(system, "kernel_release", lambda: text)


@pytest.fixture
def capabilities(monkeypatch: pytest.MonkeyPatch):
    def have(*names: str) -> None:
        monkeypatch.setattr(system, "capability_set", lambda which: frozenset(names))

    return have


class TestKernel:
    def test_releases(self, release):
        release("6.1.0-18-amd64")
        assert kernel.release().level is Level.OK
        release("5.4.0")
        assert kernel.release().level is Level.WARN and "Linux 5.8" in (kernel.release().advice or "")
        release(None)
        assert kernel.release().level is Level.BAD and "no Linux" in kernel.release().text

    def test_no_btf(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(kernel, "BTF", "/nowhere/vmlinux")
        assert kernel.btf().level is Level.WARN and "CONFIG_DEBUG_INFO_BTF" in (kernel.btf().advice or "")

    def test_configuration(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(
            system, "kernel_config", lambda: ("/boot/config", dict.fromkeys(kernel.CONFIG, "y"))
        )
        assert (kernel.config().level, kernel.config().text) == (Level.OK, "/boot/config")
        items = dict.fromkeys(kernel.CONFIG, "y")
        del items["CONFIG_BPF_SYSCALL"]
        monkeypatch.setattr(system, "kernel_config", lambda: ("/boot/config", items))
        found = kernel.config()
        assert found.level is Level.BAD and found.text.endswith("not set: CONFIG_BPF_SYSCALL (all of eBPF)")
        monkeypatch.setattr(system, "kernel_config", lambda: None)
        assert kernel.config().text.startswith("unknown: no /proc/config.gz")

    @pytest.mark.parametrize(
        ("mode", "level", "words"),
        [
            ("none", Level.OK, "none"),
            ("integrity", Level.WARN, "integrity"),
            ("confidentiality", Level.WARN, "confidentiality"),
        ],
    )
    def test_lockdown(self, monkeypatch: pytest.MonkeyPatch, mode: str, level: Level, words: str):
        monkeypatch.setattr(system, "lockdown", lambda: mode)
        found = kernel.lockdown()
        assert (found.level, found.text, found.facts) == (level, words, {"mode": mode})
        assert (found.advice is None) is (level is Level.OK)

    def test_kprobes(self, monkeypatch: pytest.MonkeyPatch, tmp_path):
        monkeypatch.setattr(system, "config_item", lambda name: None)
        monkeypatch.setattr(system, "mounted", lambda kind: [])
        monkeypatch.setattr(kernel, "EVENT_SOURCES", str(tmp_path))
        assert kernel.kprobes().text == "not available: built without CONFIG_KPROBE_EVENTS?"
        (tmp_path / "kprobe").mkdir()
        assert kernel.kprobes().level is Level.OK
        monkeypatch.setattr(system, "config_item", lambda name: "n")
        assert kernel.kprobes().text == "not available: this kernel was built without CONFIG_KPROBES"
        monkeypatch.setattr(system, "config_item", lambda name: None)
        monkeypatch.setattr(kernel, "EVENT_SOURCES", str(tmp_path / "nothing"))
        assert kernel.kprobes().level is Level.INFO and kernel.kprobes().facts["available"] is None

    def test_lsm(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(system, "config_item", lambda name: "y")
        monkeypatch.setattr(system, "security_modules", lambda: ("yama", "bpf"))
        assert kernel.security_modules().level is Level.OK
        monkeypatch.setattr(system, "security_modules", lambda: ("yama", "apparmor"))
        found = kernel.security_modules()
        assert found.level is Level.WARN and found.advice.endswith("boot with lsm=yama,apparmor,bpf")


class TestProcess:
    def test_all_three(self, capabilities):
        capabilities("CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN")
        found = process.capabilities()
        assert (found.level, found.text) == (Level.OK, "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON")

    def test_some_are_missing(self, capabilities):
        capabilities("CAP_BPF")
        found = process.capabilities()
        assert found.level is Level.WARN
        assert found.advice.startswith("missing: CAP_PERFMON for tracing programs, CAP_NET_ADMIN for network")
        capabilities()
        found = process.capabilities()
        assert (found.level, found.text) == (Level.BAD, "none") and "CAP_BPF to load" in found.advice

    def test_cap_sys_admin_will_do(self, capabilities):
        capabilities("CAP_SYS_ADMIN", "CAP_NET_ADMIN")
        assert process.capabilities().level is Level.OK
        capabilities("CAP_SYS_ADMIN")
        assert process.capabilities().level is Level.WARN

    def test_before_5_8_nothing_else_does(self, capabilities, release):
        release("5.4.0")
        capabilities("CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN")
        found = process.capabilities()
        assert found.level is Level.BAD and "takes CAP_SYS_ADMIN" in found.advice

    def test_nearly_all_are_told_by_what_is_not_there(self, capabilities):
        capabilities(*(set(system.CAPABILITIES) - {"CAP_SYS_RESOURCE"}))
        assert process.capabilities().text == "all but CAP_SYS_RESOURCE"
        capabilities(*system.CAPABILITIES)
        assert process.capabilities().text == "all"

    def test_namespaces(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(system, "_is_namespace", lambda kind, inode: False)
        assert process.user_namespace().level is Level.BAD
        found = process.pid_namespace()
        assert found.level is Level.WARN and "os.getpid() never matches" in found.advice
        assert f"this process is {os.getpid()} here" in found.text
        monkeypatch.setattr(system, "_is_namespace", lambda kind, inode: None)
        assert process.pid_namespace().text == process.user_namespace().text == "unknown"

    def test_memlock_counts_before_5_11(self, monkeypatch: pytest.MonkeyPatch, release, capabilities):
        monkeypatch.setattr(system, "memlock_limit", lambda: 64 << 10)
        capabilities()
        release("5.11.0")
        assert process.memlock().level is Level.OK
        release("5.10.0")
        assert process.memlock().level is Level.WARN and "ulimit -l" in process.memlock().advice
        capabilities("CAP_SYS_RESOURCE")
        assert process.memlock().level is Level.OK
        capabilities()
        monkeypatch.setattr(system, "memlock_limit", lambda: -1)
        assert process.memlock().level is Level.OK


def forbidden(path: str) -> list[str]:
    raise PermissionError(13, "Permission denied", path)


class TestPlaces:
    @pytest.fixture
    def mounted(self, monkeypatch: pytest.MonkeyPatch):
        def have(**found: str) -> None:
            monkeypatch.setattr(system, "mounted", lambda kind: [found[kind]] if kind in found else [])

        return have

    def test_nothing_is_mounted(self, mounted):
        mounted()
        assert [check().text for check in places.CHECKS.values()] == ["not mounted"] * 3
        assert "mount -t tracefs" in places.tracefs().advice and "mount -t cgroup2" in places.cgroup2().advice

    def test_tracefs_that_may_not_be_read(self, mounted, tmp_path, monkeypatch: pytest.MonkeyPatch):
        mounted(tracefs=str(tmp_path))
        monkeypatch.setattr(os, "listdir", forbidden)
        found = places.tracefs()
        assert found.level is Level.WARN and "not readable by this user" in found.text
        assert kinds._tracefs() == ("tracefs is not readable by this user", found.advice)

    def test_tracefs_below_debugfs(self, mounted, tmp_path):
        (tmp_path / "tracing" / "events" / "sched").mkdir(parents=True)
        mounted(debugfs=str(tmp_path))
        assert places.tracefs().facts == {
            "paths": [f"{tmp_path}/tracing"],
            "readable": [f"{tmp_path}/tracing"],
        }

    def test_hybrid_cgroups(self, mounted):
        mounted(cgroup2="/sys/fs/cgroup")
        assert places.cgroup2().level is Level.OK and not places.cgroup2().facts["hybrid"]
        mounted(cgroup2="/sys/fs/cgroup/unified", cgroup="/sys/fs/cgroup/cpu")
        found = places.cgroup2()
        assert (found.level, found.text) == (Level.INFO, "/sys/fs/cgroup/unified (hybrid)")
        assert found.facts["hybrid"]


class TestTools:
    def test_a_front_end_that_is_not_there_or_does_not_start(self, monkeypatch: pytest.MonkeyPatch, tmp_path):
        assert tools.frontend().level is Level.OK
        path = tmp_path / "frontend"
        monkeypatch.setenv("TINYBPF_FRONTEND", str(path))
        assert tools.frontend().level is Level.BAD and "does not exist" in tools.frontend().text
        path.write_text("not a program")
        assert "does not start: Permission denied" in tools.frontend().text
        path.chmod(0o755)
        assert "does not start: Exec format error" in tools.frontend().text

    def test_versions(self):
        assert tools.libbpf().facts["version"].startswith("v1.")
        assert tools.llvm().facts["version"].split(".")[0].isdigit()
        assert tools.llvm().facts["llvmlite"].startswith("0.")


class TestKinds:
    def kind(self, name: str, finding: Finding) -> Kind:
        feature = program_type(name)
        return kinds._program(feature, feature.type.name, finding)

    def test_what_loads_and_cannot_be_attached(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(system, "mounted", lambda kind: [])
        monkeypatch.setattr(system, "config_item", lambda name: "n" if "KPROBE" in name else "y")
        monkeypatch.setattr(system, "security_modules", lambda: ("yama",))
        found = {
            name: self.kind(name, Finding(State.WORKS))
            for name in ("tracepoint", "cgroup/connect4", "kprobe", "lsm", "xdp")
        }
        assert {name: kind.ability.value for name, kind in found.items()} == {
            "tracepoint": "loads",
            "cgroup/connect4": "loads",
            "kprobe": "loads",
            "lsm": "loads",
            "xdp": "works",
        }
        assert all(kind.reason and kind.advice for name, kind in found.items() if name != "xdp")

    def test_forbidden_and_missing_say_what_to_do(self, capabilities):
        capabilities()
        found = self.kind("xdp", Finding(State.FORBIDDEN, 1, "this process lacks CAP_BPF"))
        assert found.advice == process.ROOTLESS and found.ability is Ability.FORBIDDEN
        capabilities(*system.CAPABILITIES)
        assert "ask who runs this machine" in self.kind("xdp", Finding(State.FORBIDDEN, 1, "x")).advice
        assert self.kind("xdp", Finding(State.MISSING, 22, "x")).advice == "a kernel that is built with it"

    def test_useful_is_what_can_be_attached(self):
        def of(name: str, ability: Ability) -> Kind:
            return Kind(name, "T", ability, "5.8", ())

        assert not kinds.useful([])
        assert not kinds.useful([of("xdp", Ability.FORBIDDEN), of("tracepoint", Ability.LOADS)])
        assert not kinds.useful([of("syscall", Ability.WORKS), of("socket", Ability.WORKS)])
        assert kinds.useful([of("syscall", Ability.WORKS), of("xdp", Ability.WORKS)])


def test_a_check_that_fails_is_a_line():
    def odd() -> Check:
        raise RuntimeError("no such thing")

    assert report.run_checks({"thing": odd}) == [
        Check("thing", Level.INFO, "unknown: RuntimeError: no such thing")
    ]
