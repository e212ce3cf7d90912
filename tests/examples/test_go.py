"""All examples: they are ordinary Go, and compile for the kernel without a warning."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go

SECTIONS = {
    "cgroup-connect": {"connect4": "cgroup/connect4", "connect6": "cgroup/connect6"},
    "fentry-open": {"opening": "fentry/security_file_open", "opened": "fexit/security_file_open"},
    "execsnoop": {"started": "tracepoint/sched/sched_process_exec"},
    "kprobe-openat": {"opening": "kprobe/do_sys_openat2", "opened": "kretprobe/do_sys_openat2"},
    "lsm-file-open": {"opening": "lsm/file_open"},
    "rawtp-sched": {"switched": "raw_tracepoint/sched_switch"},
    "syscall-latency": {
        "enter": "tracepoint/raw_syscalls/sys_enter",
        "exit": "tracepoint/raw_syscalls/sys_exit",
    },
    "tc-filter": {"filter": "tcx/egress"},
    "tracepoint-connect": {"connect": "tracepoint/syscalls/sys_enter_connect"},
    "xdp-filter": {"filter": "xdp"},
}


@pytest.fixture(scope="module")
def examples(project: Path) -> Path:
    return project / "examples"


def test_all_are_here(examples):
    assert {path.parent.name for path in examples.glob("*/bpf")} == set(SECTIONS)


@pytest.mark.parametrize("name", SECTIONS)
def test_an_example_compiles(examples, name):
    compiled = compile_go(examples / name / "bpf")
    assert {program.name: program.section for program in compiled.programs} == SECTIONS[name]
    assert compiled.warnings == ()


def run_go(tool: str, *arguments: str, folder: Path, modules: Path) -> str:
    """What a Go tool says, that has no network and no modules of before."""
    go = Path(sysconfig.get_path("purelib"), "go", "bin")
    environment = os.environ | {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly",
        "GOMODCACHE": str(modules),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
    }
    done = subprocess.run(
        [go / tool, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_go_vet_and_go_test_pass_without_network(examples, tmp_path):
    assert run_go("go", "vet", "./...", folder=examples, modules=tmp_path) == ""
    said = run_go("go", "test", "./...", folder=examples, modules=tmp_path)
    assert sorted(line.split()[1] for line in said.splitlines() if line.startswith("ok")) == sorted(
        f"examples/{name}/bpf" for name in SECTIONS
    )


def test_the_go_is_formatted(examples, tmp_path):
    assert run_go("gofmt", "-l", ".", folder=examples, modules=tmp_path) == ""
