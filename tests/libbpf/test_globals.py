"""Package variables: set before the load, read and written while the program runs."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from descriptors import settled
from observing import observed

import tinybpf
from tinybpf.libbpf import globals as globals_module
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.open import open as open_object

pytestmark = pytest.mark.kernel

DATA = Path(__file__).parent / "data"
NAMES = {"limit", "enabled", "table", "origin", "name", "base", "calls", "ebpf_panics"}


@pytest.fixture
def source(build) -> bytes:
    return build("knobs")


def report(obj: tinybpf.BpfObject) -> tuple[int, int, int, bool, bytes]:
    """Limit, sum, X, enabled, name: as the program sees them."""
    done = obj.program("report").test_run(bytes(32))
    return struct.unpack("<i4xQh?8s5x", done.data_out)


def test_values_set_before_the_load_are_what_the_program_sees(source: bytes):
    variables = {
        "limit": 12,
        "enabled": True,
        "table": [1, 2, 3, 4],
        "origin": {"X": -3, "Y": 1000},
        "name": "knob",
        "base": 100,
    }
    with tinybpf.load(source, variables=variables) as obj:
        assert observed("what the program saw", report(obj)) == (12, 1111, -3, True, b"knob\0\0\0\0")
        assert obj.globals["table"] == [1, 2, 3, 4] and obj.globals["enabled"] is True
        assert (obj.globals["origin"].X, obj.globals["origin"].Y) == (-3, 1000)
        assert obj.globals["name"].text == "knob"


def test_values_that_were_not_set_are_the_sources(source: bytes):
    with tinybpf.load(source) as obj:
        assert set(obj.globals) == NAMES and len(obj.globals) == len(NAMES)
        assert obj.globals["limit"] == -7 and obj.globals["base"] == 40
        assert report(obj) == (-7, 41, 0, False, bytes(8))


def test_variables_are_shared_with_the_running_program(source: bytes):
    with tinybpf.load(source) as obj:
        report(obj)
        assert observed("calls and base", (obj.globals["calls"], obj.globals["base"])) == (1, 41)
        obj.globals["calls"] = 10
        obj.globals["base"] = 1 << 63
        assert report(obj)[1] == (1 << 63) + 1
        assert obj.globals["calls"] == 11


def test_a_kernel_that_cannot_map_them(source: bytes, monkeypatch: pytest.MonkeyPatch):
    def refuse(*args: object) -> None:
        raise OSError(22, "mmap")

    monkeypatch.setattr(globals_module, "_Mapped", refuse)
    with tinybpf.load(source) as obj:
        report(obj)
        assert (obj.globals["calls"], obj.globals["limit"]) == (1, -7)
        obj.globals["calls"] = 10
        report(obj)
        assert (obj.globals["calls"], obj.globals["base"]) == (11, 42)


def test_constants_cannot_be_set_once_loaded(source: bytes):
    with tinybpf.load(source) as obj:
        with pytest.raises(tinybpf.BpfError, match=r"set variable 'limit' failed: it lies in \.rodata"):
            obj.globals["limit"] = 3
        assert obj.globals["limit"] == -7


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("limit", 1 << 31, ValueError, "variable 'limit': value 2147483648 is out of range -2147483648 to"),
        ("limit", "7", TypeError, "variable 'limit': '7' .str. is no integer .int32."),
        ("limit", None, TypeError, "variable 'limit'"),
        ("enabled", 2, TypeError, "variable 'enabled': 2 .int. is no bool"),
        ("table", [1, 2, 3], ValueError, "variable 'table': 3 elements given, exactly 4 needed"),
        ("table", [1, 2, 3, 70000], ValueError, "variable 'table': value 70000 is out of range 0 to 65535"),
        ("origin", {"Z": 1}, TypeError, "variable 'origin': point has no field 'Z'; it has X, Y"),
        ("origin", {"X": 40000}, ValueError, "out of range -32768 to 32767 for field 'X'"),
        ("name", "much too long", ValueError, "variable 'name': 'much too long' takes 13 bytes, only 8"),
        (
            "limt",
            1,
            tinybpf.MissingError,
            r"has no variable 'limt' .did you mean 'limit'.*; there is: .*'limit'",
        ),
    ],
)
def test_what_does_not_fit_is_told(source: bytes, name: str, value: object, error: type, words: str):
    with pytest.raises(error, match=words):
        tinybpf.load(source, variables={name: value})


def test_variables_must_be_a_mapping(source: bytes):
    with pytest.raises(TypeError, match="variables must be a mapping of names to values, not list"):
        tinybpf.load(source, variables=["limit"])  # type: ignore[arg-type]


def test_a_name_that_is_not_there_is_a_key_error(source: bytes):
    with tinybpf.load(source) as obj:
        assert "nope" not in obj.globals and obj.globals.get("nope") is None
        with pytest.raises(KeyError, match="has no variable 'nope'; there is: "):
            obj.globals["nope"]
        with pytest.raises(KeyError):
            obj.globals["nope"] = 1


def test_an_object_without_variables(build):
    with tinybpf.load(build("tracing")) as obj:
        assert dict(obj.globals) == {}
        assert obj.panics is None and obj.lost("events") is None
        assert obj.ring_buffer("events").lost is None


def test_panics_and_lost_events_are_counted_by_name(source: bytes):
    with tinybpf.load(source, variables={"limit": 0}) as obj:
        assert obj.panics == 0
        report(obj)
        report(obj)
        assert obj.panics == 2
        with pytest.raises(tinybpf.MissingError, match="no map 'events'"):
            obj.lost("events")


def test_after_close_everything_says_so(source: bytes):
    obj = tinybpf.load(source)
    variables = obj.globals
    assert variables["calls"] == 0
    obj.close()
    with pytest.raises(tinybpf.BpfError, match="closed"):
        variables["calls"]
    with pytest.raises(tinybpf.BpfError, match="closed"):
        variables["calls"] = 1
    with pytest.raises(tinybpf.BpfError, match="closed"):
        _ = obj.globals
    assert "closed" in repr(variables)


def test_initial_values_can_be_read_before_the_load(source: bytes):
    opened = open_object(source)
    variables = opened.globals
    assert variables["limit"] == -7
    variables["limit"] = 8
    assert variables["limit"] == 8
    with opened.load() as obj:
        assert report(obj)[0] == 8
        with pytest.raises(tinybpf.BpfError, match="closed"):
            variables["limit"] = 9


def test_nothing_is_leaked(source: bytes):
    tinybpf.load(source, variables={"limit": 3}).close()
    before = settled()
    for _ in range(20):
        with tinybpf.load(source, variables={"limit": 3}) as obj:
            assert dict(obj.globals)["limit"] == 3
    assert settled() == before


def test_closing_while_other_threads_read(source: bytes):
    for _ in range(30):
        obj = tinybpf.load(source)
        variables, errors = obj.globals, []

        def read(variables=variables, errors=errors) -> None:
            try:
                while True:
                    dict(variables)
            except tinybpf.BpfError as error:
                errors.append(str(error))

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        obj.close()
        for thread in threads:
            thread.join()
        assert errors == ["object 'object' is closed"] * 3


@pytest.fixture
def configured() -> Iterator[tinybpf.BpfObject]:
    """An object of clang's with sections of its own, enums, nested structs and arrays."""

    def configure(opened: tinybpf.OpenObject) -> None:
        opened.programs["broken"].autoload = False
        opened.maps["kept"].pin_path = None

    with tinybpf.load(DATA / "configured.elf", configure=configure, kconfig={"CONFIG_HZ": 250}) as obj:
        yield obj


def test_sections_of_the_programs_own(configured: tinybpf.BpfObject):
    variables = configured.globals
    places = {name: variables.variable(name).section for name in ("hot", "table", "factor", "config", "seen")}
    assert places == {
        "hot": ".data.hot",
        "table": ".data.table",
        "factor": ".rodata.bar",
        "config": ".rodata",
        "seen": ".bss",
    }
    configured.program("report").test_run(bytes(32))
    assert observed("hot, factor and table", (variables["hot"], variables["factor"], variables["table"])) == (
        41,
        3,
        [1, 2, 3, 4],
    )
    variables["hot"] = 100
    variables["table"] = [0, 0, 0, 1]
    done = configured.program("report").test_run(bytes(32))
    assert struct.unpack_from("Q", done.data_out) == (101 * 3 + 1,)
    with pytest.raises(tinybpf.BpfError, match=r"it lies in \.rodata\.bar, which is constant"):
        variables["factor"] = 4
    decided = r"the kernel's configuration decides it\n  hint: .*kconfig={"
    with tinybpf.open(DATA / "configured.elf") as opened, pytest.raises(tinybpf.BpfError, match=decided):
        opened.globals["CONFIG_HZ"] = 3


def test_parts_of_variables(configured: tinybpf.BpfObject):
    variables = configured.globals
    assert variables["config.limits[1].high"] == 5 and variables["config.limits"][1].high == 5
    assert variables["config.mode"].name == "ON" and variables["config.name"].text == "start"
    variables["table[2]"] = 9
    assert variables["table"] == [1, 2, 9, 4]
    variables["seen.mode"] = "AUTO"
    variables["seen.bytes"] = b"\1\2\3\4"
    variables["seen.limits[2]"] = {"low": 1, "rate": 2}
    for _ in range(3):
        configured.program("report").test_run(bytes(32))
    assert variables["seen.limits[1].rate"] == 3
    seen = variables["seen"]
    assert observed(
        "mode, union, bit fields", (seen.mode, seen.word, seen.limits[2].low, seen.limits[2].rate)
    ) == (9, 0x04030201, 1, 2)
    assert variables.variable("seen.limits[1].rate").offset - variables.variable("seen").offset == 32
    assert "table[2]" not in variables and "table[2]" not in list(variables)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("table[4]", IndexError, r"variable 'table' has 4 elements, there is no \[4\]"),
        ("table[-1]", tinybpf.MissingError, r"'\[-1\]' names no part: use \.field and \[index\]"),
        ("table.x", TypeError, "variable 'table' is no struct"),
        ("hot[0]", TypeError, "variable 'hot' is no array"),
        (
            "seen.limits[0].hihg",
            tinybpf.MissingError,
            "has no field 'hihg'; there is: low, high",
        ),
        ("seen.bits", TypeError, "'seen.bits' is a bit field: read or set 'seen' as a whole"),
        ("seen.", tinybpf.MissingError, "'.' names no part"),
        ("nope.x", tinybpf.MissingError, "no variable 'nope.x'"),
        ("[0]", tinybpf.MissingError, "no variable"),
    ],
)
def test_parts_that_are_none(configured: tinybpf.BpfObject, name: str, error: type, words: str):
    with pytest.raises(error, match=words):
        configured.globals[name]
    with pytest.raises(error, match=words):
        configured.globals[name] = 1


def test_numbers_are_read_and_written_whole(configured: tinybpf.BpfObject):
    """While one thread writes, another never sees a half of each."""
    variables, values, done = configured.globals, (0, (1 << 64) - 1), threading.Event()

    def write() -> None:
        while not done.is_set():
            for value in values:
                variables._memory(".data.hot").write(0, value.to_bytes(8, "little"))

    variables["hot"] = 0
    thread = threading.Thread(target=write)
    thread.start()
    seen = {int.from_bytes(variables._memory(".data.hot").read(0, 8), "little") for _ in range(30_000)}
    done.set()
    thread.join()
    assert seen <= set(values)


@pytest.mark.parametrize("offset", range(9))
@pytest.mark.parametrize("size", [0, 1, 3, 7, 8, 9, 17, 31])
def test_memory_is_copied_exactly(offset: int, size: int):
    content = bytes(range(1, 65))
    memory, own = ffi.new("uint8_t[64]", content), ffi.new("uint8_t[64]")
    lib.tb_memory_read(own + 1, memory + offset, size)
    assert bytes(ffi.buffer(own)) == b"\0" + content[offset : offset + size] + bytes(63 - size)
    lib.tb_memory_write(memory + offset, bytes(size), size)
    assert bytes(ffi.buffer(memory)) == content[:offset] + bytes(size) + content[offset + size :]
