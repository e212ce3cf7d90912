"""lirc_mode2: only what is said where there is no receiver; the machines of the tests have none."""

from __future__ import annotations

import pytest
from lacking import skip_without

import tinybpf

pytestmark = pytest.mark.kernel

SOURCE = """
package bpf

import "tinybpf/ebpf"

//bpf:section lirc_mode2
func decode(ctx ebpf.Context) int32 { return 0 }
"""


def test_what_is_no_receiver():
    skip_without("lirc_mode2")
    with tinybpf.load_go(SOURCE) as obj:
        program = obj.program("decode")
        with pytest.raises(
            tinybpf.NotFoundError, match="attach lirc_mode2 to '/dev/lirc99' failed: there is no"
        ):
            program.attach_lirc("/dev/lirc99")
        with pytest.raises(
            tinybpf.BpfError, match=r"attach lirc_mode2 to '/dev/null' failed: .*\n  hint: '/dev/nul"
        ):
            program.attach_lirc("/dev/null")
        with pytest.raises(tinybpf.BpfError, match=r"attach_lirc\('/dev/lirc0'\) does it"):
            program.attach()


def test_a_program_of_another_type(build):
    with (
        tinybpf.load(build("tracing")) as obj,
        pytest.raises(tinybpf.BpfError, match=r"is a TRACEPOINT program .*, this needs a LIRC_MODE2 one"),
    ):
        obj.program("on_getppid").attach_lirc("/dev/lirc0")
