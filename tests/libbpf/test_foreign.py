"""Objects of clang with what C has and Go has not, and with what came later: they load, or say what is wrong.

The objects are kept; where clang is there, it makes them again in the ways that C projects compile theirs.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz.border.image import Image
from observing import observed

import tinybpf
from tinybpf.libbpf.open import OpenObject
from tinybpf.libbpf.open import open as open_object

pytestmark = pytest.mark.kernel

DATA = Path(__file__).parent / "data"
CLANG = next((found for name in ("clang", "clang-19", "clang-18") if (found := shutil.which(name))), None)
WAYS = {
    "v1": ["-mcpu=v1"], "v2": ["-mcpu=v2"], "v3": ["-mcpu=v3"], "v4": ["-mcpu=v4"],
    "O1": ["-O1"], "Os": ["-Os"], "with DWARF": ["-gdwarf-5"],
}  # fmt: skip


@pytest.fixture(scope="module")
def foreign() -> Any:
    with tinybpf.load(DATA / "foreign.elf", configure=without_externs_of_the_kernel) as obj:
        yield obj


def without_externs_of_the_kernel(opened: OpenObject) -> None:
    """Left out where it would need the kernel's types of functions (5.13) or its configuration."""
    opened.programs["optional"].autoload = False


def run(obj: Any, name: str) -> int:
    result: int = obj.program(name).test_run(bytes(64)).retval
    return result


class TestWhatCHas:
    def test_a_map_of_programs_with_initial_values(self, foreign: Any):
        assert run(foreign, "jump") == 21

    def test_a_map_of_maps_with_initial_values(self, foreign: Any):
        outer, second = foreign.map("outer"), foreign.map("second")
        assert [key for key in range(4) if outer.get(key) is not None] == [1, 3]
        second[0] = 345
        assert run(foreign, "nested") == 345 and outer[3][0] == 345

    def test_variables_in_sections_of_their_own(self, foreign: Any):
        values = foreign.globals
        assert values["answer"] == 7 and values["powers"] == [1, 2, 4, 8, 16]
        assert values["hugest"] == 0xFFFFFFFFFFFFFFF0 and values["hugest"].name == "HUGE_LAST"
        assert values["bits"].wide == 0 and len(values["bits"].anonymous) == 2
        seen = values["seen"]
        assert run(foreign, "called") == 16 + 2 and values["seen"] == seen + 7

    def test_a_struct_of_bit_fields_is_written_and_read(self, foreign: Any):
        made = type(foreign.globals["bits"])
        zero = foreign.globals["bits"]
        foreign.globals["bits"] = zero._replace(high=4097, sign=-3, ratio=1.5, wide=1 << 100)
        read = foreign.globals["bits"]
        assert (read.low, read.high, read.sign, read.ratio, read.wide) == (0, 4097, -3, 1.5, 1 << 100)
        assert isinstance(read, made) and run(foreign, "called") == 1000 + 16 + 2
        foreign.globals["bits"] = zero

    def test_weak_externs_that_are_not_there(self, foreign: Any):
        """The kernel's version alone is there: no configuration, symbol or function of these names."""
        assert run(foreign, "externs") == 1
        assert foreign.globals["CONFIG_NEVER_HEARD_OF"] == 0

    def test_fields_that_the_kernel_has_and_has_not(self, foreign: Any):
        assert observed("result", foreign.program("relocated").test_run(ctx=bytes(8)).retval) == 1

    def test_a_program_that_loads_on_demand(self):
        with open_object(DATA / "foreign.elf") as opened:
            assert not opened.programs["optional"].autoload
            opened.programs["optional"].autoload = True
            with opened.load() as obj:
                assert run(obj, "optional") == 5


@pytest.mark.skipif(CLANG is None, reason="needs clang")
@pytest.mark.parametrize("way", WAYS)
def test_compiled_in_other_ways(tmp_path: Path, way: str):
    made = tmp_path / "foreign.o"
    common = [str(CLANG), "-O2", "-g", "-w", "-target", "bpf", "-c", DATA / "foreign.c", "-o", made]
    subprocess.run([*common, *WAYS[way]], check=True)
    with tinybpf.load(made) as obj:
        assert run(obj, "jump") == 21 and run(obj, "called") == 18 and obj.globals["answer"] == 7


@pytest.mark.skipif(CLANG is None, reason="needs clang")
@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["-target", "bpfeb", "-g"], "its byte order is not this machine's"),
        (["-target", "bpf"], "BTF"),  # maps without types
        (["-target", "x86_64-linux-gnu", "-g", "-DSEC(x)="], "this is for machine 62, not for BPF"),
        (["-target", "bpf", "-g", "-flto"], "this is no ELF file"),
    ],
)
def test_compiled_for_something_else(tmp_path: Path, flags: list[str], reason: str):
    made = tmp_path / "newer.o"
    subprocess.run([str(CLANG), "-O2", "-w", *flags, "-c", DATA / "newer.c", "-o", made], check=True)
    with pytest.raises(tinybpf.BpfError, match=reason):
        tinybpf.load(made)


def test_maps_from_before_btf_are_refused():
    with pytest.raises(tinybpf.BpfError, match=r"legacy map definitions in 'maps' section are not supported"):
        tinybpf.load(DATA / "legacy.elf")


def only(program: str, *maps: str) -> Callable[[OpenObject], None]:
    """Leaves out all else of newer.elf."""

    def configure(opened: OpenObject) -> None:
        for name, found in opened.programs.items():
            found.autoload = name == program
        for name, found_map in opened.maps.items():
            found_map.autocreate = name in maps

    return configure


class TestWhatCameLater:
    def test_what_is_known_loads_without_the_rest(self):
        with tinybpf.load(DATA / "newer.elf", configure=only("plain", "counts")) as obj:
            assert run(obj, "plain") == 3
            obj.map("counts")[1] = 2
            assert obj.map("counts")[1] == 2

    @pytest.mark.parametrize(("program", "section"), [("quantum", "quantum/now"), ("almost", "xdp.quantum")])
    def test_a_section_that_libbpf_does_not_know(self, program: str, section: str):
        with pytest.raises(tinybpf.BpfError, match=f"check ELF section name '{section}'") as caught:
            tinybpf.load(DATA / "newer.elf", configure=only(program))
        assert "does not know the section" in str(caught.value)

    def test_a_section_that_libbpf_does_not_know_with_a_type(self):
        def configure(opened: OpenObject) -> None:
            only("quantum")(opened)
            opened.programs["quantum"].type = tinybpf.BpfProgType.SOCKET_FILTER

        with tinybpf.load(DATA / "newer.elf", configure=configure) as obj:
            assert run(obj, "quantum") == 1
            with pytest.raises((tinybpf.BpfError, ValueError), match="quantum"):
                obj.program("quantum").attach()

    def test_a_type_of_programs_that_the_kernel_does_not_know(self):
        def configure(opened: OpenObject) -> None:
            only("plain")(opened)
            opened.programs["plain"].type = tinybpf.BpfProgType(200)
            assert opened.programs["plain"].type.name == "UNKNOWN_200"

        with pytest.raises(tinybpf.BpfError):
            tinybpf.load(DATA / "newer.elf", configure=configure)

    def test_a_type_of_attachment_that_the_kernel_does_not_know(self):
        def configure(opened: OpenObject) -> None:
            only("plain")(opened)
            opened.programs["plain"].type = tinybpf.BpfProgType.CGROUP_SOCK_ADDR
            opened.programs["plain"].expected_attach_type = tinybpf.BpfAttachType(200)

        with pytest.raises(tinybpf.BpfError):
            tinybpf.load(DATA / "newer.elf", configure=configure)

    def test_a_type_of_maps_that_the_kernel_does_not_know(self):
        with tinybpf.open(DATA / "newer.elf") as opened:
            assert opened.maps["strange"].type.name == "UNKNOWN_77"
        with pytest.raises(tinybpf.UnsupportedError, match="'strange' is of type 77, which is newer"):
            tinybpf.load(DATA / "newer.elf", configure=only("plain", "strange"))

    def test_a_flag_of_maps_that_the_kernel_does_not_know(self):
        with pytest.raises(tinybpf.BpfError, match="map 'flagged': failed to create"):
            tinybpf.load(DATA / "newer.elf", configure=only("plain", "flagged"))

    def test_a_helper_that_the_kernel_does_not_know(self):
        with pytest.raises(tinybpf.VerifierError, match="helper") as caught:
            tinybpf.load(DATA / "newer.elf", configure=only("helper"))
        assert "9999" in caught.value.log

    def test_types_that_the_kernel_refuses_do_not_hide_the_reason(self):
        """libbpf goes on without them; their log comes before what is wrong."""
        image = Image.of((DATA / "newer.elf").read_bytes())
        at = image.data.index((0x10000000).to_bytes(4, "little"))
        image.put(at, 0x40000000)  # an array of 4 GiB
        with pytest.raises(tinybpf.BpfError, match="check ELF section name 'quantum/now'"):
            tinybpf.load(bytes(image.data), configure=only("quantum"))


def edited(change: Callable[[Image], object]) -> bytes:
    image = Image.of((DATA / "foreign.elf").read_bytes())
    change(image)
    return bytes(image.data)


def strong(name: str) -> Callable[[Image], None]:
    """The weak symbol must be there now."""

    def change(image: Image) -> None:
        table, strings = image.find(".symtab"), image.find(".strtab")
        assert table is not None and strings is not None
        for at in range(table.offset, table.offset + table.size, 24):
            start = strings.offset + image.word(at)
            if image.data[start : image.data.index(b"\0", start)] == name.encode():
                image.put(at + 4, image.data[at + 4] & 15 | 1 << 4, 1)

    return change


def renamed_in_types(old: str, new: str) -> Callable[[Image], None]:
    def change(image: Image) -> None:
        types = image.find(".BTF")
        assert types is not None and len(old) == len(new)
        at = image.data.index(f"\0{old}\0".encode(), types.offset) + 1
        image.data[at : at + len(new)] = new.encode()

    return change


def newer_kind(image: Image) -> None:
    types = image.find(".BTF")
    assert types is not None
    image.put(types.offset + 24 + 4, 20 << 24)


EDITS: list[tuple[Callable[[Image], object], str]] = [
    (strong("kfunc_nowhere"), "'kfunc_nowhere'.* not found in kernel"),
    (strong("symbol_nowhere"), r"'symbol_nowhere' \(strong\): not resolved"),
    (strong("CONFIG_NEVER_HEARD_OF"), r"'CONFIG_NEVER_HEARD_OF' \(strong\): not resolved"),
    (renamed_in_types("max_entries", "max_entangle"[:11]), "unknown field 'max_entangl'"),
    (newer_kind, "type 1 is of kind 20, which is unknown"),
]


@pytest.mark.parametrize(("change", "reason"), EDITS)
def test_what_must_be_there_and_is_not(change: Callable[[Image], object], reason: str):
    with pytest.raises(tinybpf.BpfError, match=reason):
        tinybpf.load(edited(change))
