"""Open, configure, load: what is set before the load is what the kernel gets."""

from __future__ import annotations

import errno
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from descriptors import descriptors, settled
from observing import observed
from old_kernels import skip_where_it_says_so

import tinybpf
from tinybpf.libbpf import _lib, _options, _verify

DATA = Path(__file__).parent / "data"
CONFIGURED = DATA / "configured.elf"
REPLACING = DATA / "replacing.elf"
HZ = {"CONFIG_HZ": 250}  # not every machine shows the kernel's configuration
RESIZES = tinybpf.libbpf_version() not in ("v1.1", "v1.2")

resizes = pytest.mark.skipif(not RESIZES, reason="libbpf 1.3 brought resizing of variables")


class Answer(NamedTuple):
    """What program ``report`` writes."""

    sum: int
    rate: int
    mode: int
    hz: int
    version: int
    word: int


def report(obj: tinybpf.BpfObject) -> tuple[int, Answer]:
    """The program's result, as a signed number, and its answer."""
    done = obj.program("report").test_run(bytes(32))
    return struct.unpack("i", struct.pack("I", done.retval))[0], Answer(*struct.unpack("2Q4I", done.data_out))


def without(opened: tinybpf.OpenObject, *names: str) -> tinybpf.OpenObject:
    """The object without the program that the verifier refuses, without pins, and without ``names``."""
    for name in ("broken", *names):
        opened.programs[name].autoload = False
    opened.maps["kept"].pin_path = None
    return opened


@pytest.fixture
def opened() -> Iterator[tinybpf.OpenObject]:
    with tinybpf.open(CONFIGURED, kconfig=HZ) as found:
        yield without(found)


@pytest.fixture
def pins() -> Iterator[Path]:
    """A directory in the BPF file system."""
    path = Path(f"/sys/fs/bpf/tinybpf-open-{os.getpid()}")
    path.mkdir()
    try:
        yield path
    finally:
        for pin in path.rglob("*"):
            if not pin.is_dir():
                pin.unlink()
        for directory in sorted(path.rglob("*"), reverse=True):
            directory.rmdir()
        path.rmdir()


class TestBeforeTheLoad:
    """What needs no kernel."""

    def test_what_an_open_object_tells(self, opened: tinybpf.OpenObject):
        assert opened.name == "configured.elf" and not opened.used
        assert list(opened.programs) == ["report", "keep", "broken", "judge", "two", "three"]
        counts = opened.maps["counts"]
        assert (counts.name, counts.type, counts.key_size, counts.value_size) == ("counts", 1, 4, 8)
        assert (counts.max_entries, counts.flags, counts.numa_node, counts.extra) == (4, 0, 0, 0)
        assert counts.autocreate and counts.pin_path is None
        assert repr(counts) == "<OpenMap 'counts' HASH: 4 entries>"
        counts.autocreate = False
        assert repr(counts) == "<OpenMap 'counts' HASH: 4 entries left out>"
        two = opened.programs["two"]
        assert (two.section, two.type, two.instructions) == ("socket", tinybpf.BpfProgType.SOCKET_FILTER, 2)
        assert repr(two) == "<OpenProgram 'two' SOCKET_FILTER section 'socket'>"
        three = opened.programs["three"]
        assert not three.autoload and repr(three).endswith("section 'socket' left out>")
        assert opened.programs["judge"].expected_attach_type is tinybpf.BpfAttachType.XDP
        assert "programs: report, keep" in repr(opened) and "maps: counts, kept" in repr(opened)

    def test_the_maps_of_sections_go_by_the_sections_name_too(self, opened: tinybpf.OpenObject):
        assert opened.maps[".data"] is opened.maps["configur.data"]
        assert ".bss" in opened.maps and opened.maps[".data.hot"].value_size == 8
        assert len(list(opened.maps)) == len(set(opened.maps))

    def test_numbers_and_names_are_members(self, opened: tinybpf.OpenObject):
        counts, two = opened.maps["counts"], opened.programs["two"]
        for kind in ("array", "ARRAY", 2, tinybpf.BpfMapType.ARRAY):
            counts.type = "hash"
            counts.type = kind
            assert counts.type is tinybpf.BpfMapType.ARRAY
        two.type = "xdp"
        two.expected_attach_type = "xdp_cpumap"
        assert (two.type, two.expected_attach_type) == (6, tinybpf.BpfAttachType.XDP_CPUMAP)
        with pytest.raises(ValueError, match=r"type: no BpfMapType is called 'lru_hsh'; there is lru_hash"):
            counts.type = "lru_hsh"
        two.flags = 16
        assert two.flags == 16

    @pytest.mark.parametrize(
        ("setting", "value", "error", "words"),
        [
            ("max_entries", -1, ValueError, "max_entries must be from 0 to 4294967295, not -1"),
            ("max_entries", 1 << 32, ValueError, "max_entries must be from 0"),
            ("max_entries", "9", TypeError, "max_entries must be an integer, not str"),
            ("max_entries", True, TypeError, "max_entries must be an integer, not a bool"),
            ("value_size", 0, ValueError, "value_size must be from 1"),
            ("autocreate", "no", TypeError, "autocreate must be True or False, not 'no'"),
            ("pin_path", 3, TypeError, "pin_path must be a path"),
            ("pin_path", "", ValueError, "pin_path must be a path"),
            ("pin_path", "/sys/fs/bpf/a\0b", ValueError, "pin_path must be a path"),
            (
                "max_entires",
                3,
                AttributeError,
                "a map has no setting 'max_entires'; did you mean 'max_entries'",
            ),
            ("zzz", 3, AttributeError, "a map has no setting 'zzz'; there is: type, key_size, "),
            ("name", "x", AttributeError, "name"),
        ],
    )
    def test_settings_that_are_none(self, opened, setting: str, value: object, error: type, words: str):
        with pytest.raises(error, match=words):
            setattr(opened.maps["counts"], setting, value)

    def test_names_that_are_not_there(self, opened: tinybpf.OpenObject):
        with pytest.raises(
            tinybpf.MissingError, match=r"no map 'count' .did you mean 'counts'.*; there is: "
        ):
            opened.maps["count"]
        with pytest.raises(KeyError, match=r"no program 'jugde' .did you mean 'judge'"):
            opened.programs["jugde"]
        with pytest.raises(
            AttributeError, match=r"a program has no setting 'autolaod'; did you mean 'autoload'"
        ):
            opened.programs["two"].autolaod = False

    def test_what_is_fixed(self, opened: tinybpf.OpenObject):
        data = opened.maps[".data.hot"]
        for setting in ("type", "key_size", "max_entries", "flags", "extra"):
            with pytest.raises(tinybpf.BpfError, match=r"it holds variables of the programs, whose layout"):
                setattr(data, setting, 1)
        with pytest.raises(tinybpf.BpfError, match=r"a map has the type STRUCT_OPS by its section alone"):
            opened.maps["counts"].type = "struct_ops"
        with pytest.raises(tinybpf.BpfError, match=r"set the value size of map 'configu.kconfig' failed"):
            opened.maps[".kconfig"].value_size = 64

    @resizes
    def test_a_section_without_an_array(self, opened: tinybpf.OpenObject):
        with pytest.raises(tinybpf.BpfError, match=r"its last variable, 'hot', is no array"):
            opened.maps[".data.hot"].value_size = 16

    @resizes
    @pytest.mark.parametrize("size", [3, 17, 1])
    def test_a_section_has_whole_elements(self, opened: tinybpf.OpenObject, size: int):
        with pytest.raises(
            ValueError, match=r"value_size must be 0 and a multiple of 4, the size of .* 'table'"
        ):
            opened.maps[".data.table"].value_size = size

    @resizes
    def test_an_array_in_a_section_grows_and_shrinks(self, opened: tinybpf.OpenObject):
        table, variables = opened.maps[".data.table"], opened.globals
        assert variables["table"] == [1, 2, 3, 4]
        variables["hot"] = 5
        table.value_size = 24
        assert variables["table"] == [1, 2, 3, 4, 0, 0]
        variables["table[5]"] = 9
        table.value_size = 1 << 20
        assert variables["table[5]"] == 9 and len(variables["table"]) == 1 << 18
        table.value_size = 8
        assert variables["table"] == [1, 2] and variables["hot"] == 5

    def test_an_older_libbpf_cannot_resize_them(self, opened, monkeypatch: pytest.MonkeyPatch):
        class Older:
            libbpf_minor_version = staticmethod(lambda: 2)

            def __getattr__(self, name: str) -> object:
                return getattr(_lib.lib, name)

        monkeypatch.setattr("tinybpf.libbpf.openmap.lib", Older())
        with pytest.raises(
            tinybpf.UnsupportedError, match=r"cannot resize variables; libbpf 1\.3 brought it"
        ):
            opened.maps[".data.table"].value_size = 8

    def test_options_that_are_none(self, tmp_path: Path):
        for options, error, words in (
            ({"log_level": 8}, ValueError, "log_level must be from 0 to 7"),
            ({"log_size": 1}, ValueError, "log_size must be from 128"),
            (
                {"btf_path": tmp_path / "none"},
                FileNotFoundError,
                "as the kernel's BTF failed: there is no such",
            ),
            ({"pin_root": ""}, ValueError, "pin_root must be a directory"),
            ({"kconfig": 3}, TypeError, "kconfig must be a mapping or text, not int"),
            ({"kconfig": "HZ=3"}, ValueError, "kconfig: 'HZ=3' is no line such as CONFIG_HZ=250"),
            ({"kconfig": {"HZ": 3}}, ValueError, "kconfig: 'HZ' is no name such as CONFIG_HZ"),
            (
                {"kconfig": {"CONFIG_HZ": 3.5}},
                TypeError,
                "CONFIG_HZ must be a bool, an int or a str, not float",
            ),
            ({"kconfig": {"CONFIG_A": 'a"b'}}, ValueError, "must not have quotes"),
        ):
            with pytest.raises(error, match=words):
                tinybpf.open(CONFIGURED, **options)

    def test_kconfig_as_lines(self):
        given = {"CONFIG_A": True, "CONFIG_B": False, "CONFIG_C": 7, "CONFIG_D": "m", "CONFIG_E": "text"}
        lines = 'CONFIG_A=y\nCONFIG_B=n\nCONFIG_C=7\nCONFIG_D=m\nCONFIG_E="text"\n'
        assert _options.kconfig_text(given) == lines
        assert _options.kconfig_text(lines) == lines

    def test_closed_is_closed(self):
        with tinybpf.open(CONFIGURED, kconfig=HZ) as opened:
            counts, two = opened.maps["counts"], opened.programs["two"]
            opened.close()
            opened.close()
        for use in (
            lambda: opened.maps,
            lambda: opened.programs,
            lambda: opened.globals,
            lambda: opened.btf,
            lambda: opened.load(),
            lambda: opened.set({"hot": 1}),
            lambda: opened.__enter__(),
            lambda: counts.max_entries,
            lambda: setattr(counts, "max_entries", 4),
            lambda: setattr(two, "autoload", False),
            lambda: setattr(two, "log_level", 1),
            lambda: two.set_target("x"),
            lambda: counts.reuse(0),
            lambda: setattr(opened, "log_level", 1),
        ):
            with pytest.raises(tinybpf.BpfError, match=r"cannot be used: it is closed"):
                use()
        assert opened.used and "it is closed" in repr(opened)
        assert repr(counts) == "<OpenMap 'counts' of an object that is no longer open>"
        assert repr(two) == "<OpenProgram 'two' of an object that is no longer open>"


@pytest.mark.kernel
class TestLoaded:
    def test_what_is_not_set_is_the_objects(self, opened: tinybpf.OpenObject):
        with opened.load() as obj:
            assert obj.map("counts").max_entries == 4
            result, answer = report(obj)
            assert result == -1
            assert answer == Answer(41 * 3 + 10, 0, 5, 250, answer.version, 0)
            major, minor = (int(part) for part in os.uname().release.split(".")[:2])
            assert (answer.version >> 16, answer.version >> 8 & 0xFF) == (major, minor)
            assert obj.globals["CONFIG_HZ"] == 250 and obj.globals["LINUX_KERNEL_VERSION"] == answer.version

    def test_maps_have_the_sizes_that_were_set(self, opened: tinybpf.OpenObject):
        opened.maps["counts"].max_entries = 1000
        opened.maps["counts"].type = "lru_hash"
        opened.maps["events"].max_entries = 5000
        with opened.load() as obj:
            counts = obj.map("counts")
            for key in range(1000):
                counts[key] = key
            assert observed("type and entries", (counts.type, counts.max_entries)) == (
                tinybpf.BpfMapType.LRU_HASH,
                1000,
            )
            assert report(obj)[0] == counts.get(1, -1)
            assert obj.map("events").max_entries == 8192

    @resizes
    def test_the_program_sees_an_array_that_grew(self, opened: tinybpf.OpenObject):
        opened.maps[".data.table"].value_size = 10 * 4
        opened.globals["table[9]"] = 1000
        opened.set({"length": 10, "config.limits[2].rate": 77, "config.mode": "AUTO", "config.bytes[1]": 1})
        with opened.load() as obj:
            answer = report(obj)[1]
            assert (answer.sum, answer.rate, answer.mode, answer.word) == (41 * 3 + 1010, 77, 9, 256)
            assert len(obj.globals["table"]) == 10

    def test_what_is_left_out(self, opened: tinybpf.OpenObject):
        opened.maps["events"].autocreate = False
        opened.programs["judge"].autoload = False
        opened.programs["three"].autoload = True
        with opened.load() as obj:
            assert observed("programs that are loaded", list(obj.programs)) == [
                "report",
                "keep",
                "two",
                "three",
            ]
            assert obj.program("three").test_run(data=bytes(64)).retval == 3
            assert "events" not in obj.maps
            with pytest.raises(
                tinybpf.MissingError, match=r"map 'events' of object .* was left out when the"
            ):
                obj.map("events")
            with pytest.raises(tinybpf.MissingError, match=r"program 'judge' of object .* was left out"):
                obj.program("judge")

    def test_a_map_that_is_left_out_and_used(self, opened: tinybpf.OpenObject):
        opened.maps["counts"].autocreate = False
        with pytest.raises(tinybpf.VerifierError) as caught:
            opened.load()
        assert caught.value.program == "report"
        assert "left out" in str(caught.value) and "counts" in str(caught.value)

    def test_a_program_of_another_type(self, opened: tinybpf.OpenObject):
        two = opened.programs["two"]
        two.type, two.expected_attach_type = "xdp", "xdp"
        with opened.load() as obj:
            program = obj.program("two")
            assert observed("type", program.type) is tinybpf.BpfProgType.XDP
            with program.attach_xdp("lo") as link:
                assert link.target == "xdp:lo"
            assert program.test_run(data=bytes(64)).retval == 2

    def test_a_function_of_another_program(self):
        with tinybpf.load(CONFIGURED, kconfig=HZ, configure=lambda opened: without(opened)) as obj:
            judge = obj.program("judge")
            assert [judge.test_run(data=bytes(size)).retval for size in (64, 128)] == [1, 2]
            with tinybpf.open(REPLACING) as other:
                other.programs["counting"].autoload = False
                other.programs["always_six"].set_target("decide", judge)
                try:
                    replacing = other.load()
                except tinybpf.BpfError as error:
                    if error.errno == errno.EPERM:
                        pytest.skip("this kernel forbids programs that replace others")
                    raise
            with replacing:
                replacing.program("always_six").attach()
                assert (
                    observed("result with the function replaced", judge.test_run(data=bytes(64)).retval) == 7
                )
            assert judge.test_run(data=bytes(64)).retval == 1

    def test_targets_that_are_none(self, opened: tinybpf.OpenObject):
        two = opened.programs["two"]
        with pytest.raises(tinybpf.BpfError, match=r"999999 is no open descriptor"):
            two.set_target("x", 999_999)
        with (
            (DATA / "sample.c").open() as file,
            pytest.raises(tinybpf.BpfError, match=r"is no program, but /"),
        ):
            two.set_target("x", file.fileno())
        with pytest.raises(ValueError, match=r"must be a loaded program or its descriptor, not -3"):
            two.set_target("x", -3)
        with pytest.raises(ValueError, match=r"function must be the name of one, not ''"):
            two.set_target("")
        with tinybpf.open(REPLACING) as other:
            program = other.programs["counting"]
            with pytest.raises(
                tinybpf.BpfError, match=r"set the target of program 'counting' to 'no_such_f'"
            ):
                program.set_target("no_such_f")

    def test_the_verifiers_log_of_what_it_accepts(self, opened: tinybpf.OpenObject):
        opened.programs["two"].log_level = 2
        assert [opened.programs[name].log_level for name in ("two", "judge")] == [2, 0]
        with opened.load() as obj:
            log = obj.program("two").verifier_log
            assert (
                log is not None
                and "exit" in log
                and observed('"processed 2 insns" is in the log', "processed 2 insns" in log)
            )
            assert obj.program("judge").verifier_log is None

    def test_a_log_of_all_programs(self):
        with tinybpf.load(
            CONFIGURED, kconfig=HZ, configure=lambda o: without(o), log_level=4, log_size=4096
        ) as obj:
            for name in ("report", "judge", "two"):
                assert "processed " in (obj.program(name).verifier_log or "")

    def test_a_refused_program_with_a_log_of_its_own(self):
        with tinybpf.open(CONFIGURED, kconfig=HZ, log_level=2) as opened:
            opened.maps["kept"].pin_path = None
            with pytest.raises(tinybpf.VerifierError) as caught:
                opened.load()
        assert caught.value.program == "broken" and "processed " in caught.value.log
        assert caught.value.source is not None and "1000000" in caught.value.source.text

    def test_a_log_that_does_not_fit(self):
        with tinybpf.open(CONFIGURED, kconfig=HZ, log_level=2, log_size=128) as opened:
            without(opened)
            with pytest.raises(tinybpf.BpfError) as caught:
                opened.load()
        skip_where_it_says_so(str(caught.value))
        assert caught.value.errno == errno.ENOSPC and "log_size" in str(caught.value)

    def test_once_is_enough(self, opened: tinybpf.OpenObject):
        with opened.load() as obj:
            counts = opened._handle
            assert counts is obj._handle
            for use in (lambda: opened.maps, lambda: opened.load(), lambda: opened.globals):
                with pytest.raises(
                    tinybpf.BpfError, match=r"cannot be used: it is loaded already: configure it"
                ):
                    use()
            opened.close()
            assert report(obj)[0] == -1
        with tinybpf.open(CONFIGURED, kconfig=HZ) as broken:
            broken.maps["kept"].pin_path = None
            with pytest.raises(tinybpf.VerifierError):
                broken.load()
            with pytest.raises(tinybpf.BpfError, match=r"its load failed: open it again"):
                broken.load()

    def test_load_takes_all_of_it_too(self, pins: Path):
        def configure(opened: tinybpf.OpenObject) -> None:
            opened.programs["broken"].autoload = False
            opened.maps["counts"].max_entries = 17

        obj = tinybpf.load(
            CONFIGURED,
            variables={"factor": 10},
            configure=configure,
            kconfig="CONFIG_HZ=300\n",
            pin_root=pins,
        )
        with obj:
            answer = report(obj)[1]
            assert observed(
                "sum, CONFIG_HZ and entries", (answer.sum, answer.hz, obj.map("counts").max_entries)
            ) == (420, 300, 17)
            assert (pins / "kept").exists()

    def test_what_configure_raises_comes_through(self):
        before = settled()

        def configure(opened: tinybpf.OpenObject) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            tinybpf.load(CONFIGURED, kconfig=HZ, configure=configure)
        assert descriptors() == before

    def test_go_source_takes_it_too(self):
        source = (
            'package bpf\n\nimport "tinybpf/ebpf"\n\nvar m = ebpf.Hash[uint32, uint64]{MaxEntries: 8}\n\n'
            "//bpf:section xdp\nfunc count(ctx *ebpf.XDP) ebpf.XDPAction {\n"
            "\tm.Update(1, 2)\n\treturn ebpf.XDPPass\n}\n"
        )

        def configure(opened: tinybpf.OpenObject) -> None:
            opened.maps["m"].max_entries = 33

        with tinybpf.load_go(source, configure=configure, log_level=4) as obj:
            assert obj.map("m").max_entries == 33
            assert "processed" in (obj.program("count").verifier_log or "")


@pytest.mark.kernel
class TestPinsAndReuse:
    def test_a_map_is_pinned_under_another_name(self, opened: tinybpf.OpenObject, pins: Path):
        opened.maps["counts"].pin_path = pins / "other"
        assert opened.maps["counts"].pin_path == str(pins / "other")
        with opened.load() as obj:
            obj.map("counts")[1] = 5
        with tinybpf.open_pinned_map(pins / "other") as pinned:
            assert observed("value at the pin", pinned[1]) == 5
        with tinybpf.open(CONFIGURED, kconfig=HZ) as again:
            without(again).maps["counts"].pin_path = pins / "other"
            with again.load() as obj:
                assert report(obj)[0] == 5

    def test_a_pin_of_another_size(self, opened: tinybpf.OpenObject, pins: Path):
        opened.maps["counts"].pin_path = pins / "counts"
        opened.load().close()
        with tinybpf.open(CONFIGURED, kconfig=HZ) as again:
            without(again).maps["counts"].pin_path = pins / "counts"
            again.maps["counts"].max_entries = 5
            with pytest.raises(tinybpf.BpfError) as caught:
                again.load()
        assert caught.value.errno == errno.EINVAL and "pinned" in str(caught.value)
        assert "hint: " in str(caught.value)

    def test_a_pin_outside_of_the_file_system(self, opened: tinybpf.OpenObject, tmp_path: Path):
        opened.maps["counts"].pin_path = tmp_path / "counts"
        with pytest.raises(tinybpf.BpfError, match=r"mount -t bpf"):
            opened.load()

    @pytest.mark.parametrize("how", ["path", "descriptor", "map"])
    def test_maps_are_shared(self, opened: tinybpf.OpenObject, pins: Path, how: str):
        first = opened.load()
        counts = first.map("counts")
        counts.pin(pins / "shared")
        counts[1] = 40
        with tinybpf.open(CONFIGURED, kconfig=HZ) as other:
            without(other)
            other.maps["counts"].reuse({"path": pins / "shared", "descriptor": counts.fd, "map": counts}[how])
            with pytest.raises(tinybpf.BpfError, match=r"it was given an existing map by reuse"):
                other.maps["counts"].max_entries = 3
            second = other.load()
        with second:
            assert observed("value that another object wrote", report(second)[0]) == 40
            second.map("counts")[1] = 41
            assert counts[1] == 41
        first.close()

    def test_maps_that_do_not_fit(self, opened: tinybpf.OpenObject, build, pins: Path):
        counts = opened.maps["counts"]
        with tinybpf.load(build("tracing")) as other:
            with pytest.raises(
                tinybpf.BpfError, match=r"its type is RINGBUF, that of the object's map HASH, its key"
            ):
                counts.reuse(other.map("events"))
            with pytest.raises(tinybpf.BpfError, match=r"it is no map, but anon_inode:bpf-prog"):
                counts.reuse(other.program("whoami").fd)
            closed = other.map("counts")
        with pytest.raises(tinybpf.BpfError, match=r"closed"):
            counts.reuse(closed)
        with pytest.raises(
            tinybpf.NotFoundError, match=r"reuse a map as 'counts' failed: nothing is pinned at"
        ):
            counts.reuse(pins / "none")
        with pytest.raises(tinybpf.BpfError, match=r"999999 is no open descriptor"):
            counts.reuse(999_999)
        with pytest.raises(TypeError, match=r"takes the path of a pin, a descriptor or a map, not float"):
            counts.reuse(1.5)

    def test_descriptors_stay_the_callers(self, opened: tinybpf.OpenObject):
        with opened.load() as first:
            fd = os.dup(first.map("counts").fd)
            with tinybpf.open(CONFIGURED, kconfig=HZ) as other:
                without(other).maps["counts"].reuse(fd)
                os.close(fd)
                with other.load() as second:
                    second.map("counts")[9] = 9
            assert first.map("counts")[9] == 9

    def test_a_section_of_variables_is_shared(self, opened: tinybpf.OpenObject):
        with opened.load() as first:
            with tinybpf.open(CONFIGURED, kconfig=HZ) as other:
                without(other).maps[".data.hot"].reuse(first.map(".data.hot"))
                second = other.load()
            with second:
                report(first)
                report(second)
                assert (first.globals["hot"], second.globals["hot"]) == (42, 42)
                second.globals["hot"] = 7
                assert report(first)[1].sum == 8 * 3 + 10


@pytest.mark.kernel
def test_of_several_threads_one_loads(opened: tinybpf.OpenObject):
    results: list[object] = []
    together = threading.Barrier(4)

    def work() -> None:
        together.wait()
        try:
            results.append(opened.load())
        except tinybpf.BpfError as error:
            results.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    skip_where_it_says_so("\n".join(found for found in results if isinstance(found, str)))
    loaded = [found for found in results if isinstance(found, tinybpf.BpfObject)]
    assert len(loaded) == 1 and report(loaded[0])[0] == -1
    assert all("cannot be used" in found for found in results if isinstance(found, str))
    loaded[0].close()


@pytest.mark.kernel
def test_nothing_is_leaked(pins: Path):
    def cycle() -> None:
        with tinybpf.open(CONFIGURED, kconfig=HZ, log_level=2) as opened:
            without(opened).maps["counts"].pin_path = pins / "counts"
            if RESIZES:
                opened.maps[".data.table"].value_size = 4096
            opened.globals["table[1]"] = 4
            with opened.load() as obj:
                report(obj)
        with tinybpf.open(CONFIGURED, kconfig=HZ) as unused:
            unused.maps["counts"].reuse(pins / "counts")

    cycle()
    before = settled()
    for _ in range(20):
        cycle()
    assert descriptors() == before


def test_room_for_logs_before_linux_5_2(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_verify, "_kernel_version", lambda: (4, 19))
    with (
        tinybpf.open(CONFIGURED, kconfig=HZ) as opened,
        _verify.LogRoom(opened._handle, {"two": 1}, 1 << 28) as room,
    ):
        assert room.logs() == {"two": ""} and len(room._own["two"]) == (1 << 24) - 1
