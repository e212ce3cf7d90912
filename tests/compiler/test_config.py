from __future__ import annotations

import json

import pytest

from tinybpf.compiler.config import Config, find_config, load_config, parse_duration
from tinybpf.errors import CompileError, NotFoundError


def read(tmp_path, text):
    path = tmp_path / "tinybpf.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return load_config(path, "tinybpf.json")


def errors_of(tmp_path, text):
    with pytest.raises(CompileError) as caught:
        read(tmp_path, text)
    return [str(diagnostic) for diagnostic in caught.value.diagnostics]


def test_all_keys(tmp_path):
    config = read(
        tmp_path,
        {
            "build": {
                "output": "out/probe.o",
                "cpu": "v4",
                "opt_profile": "default",
                "btf": True,
                "cache": False,
                "timeout": "1m30s",
                "programs": {"handle_connect": "tracepoint/syscalls/sys_enter_connect"},
            }
        },
    )
    assert config.output == "out/probe.o"
    assert (config.cpu, config.opt_profile, config.btf, config.cache) == ("v4", "default", True, False)
    assert config.timeout == 90
    assert config.programs == {"handle_connect": "tracepoint/syscalls/sys_enter_connect"}
    assert config.warnings == ()


@pytest.mark.parametrize("text", ["{}", '{"build": {}}', '{"build": {}, "toolchain": {}}', " \n{ }\n"])
def test_all_keys_are_optional(tmp_path, text):
    assert read(tmp_path, text) == Config(path=tmp_path / "tinybpf.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n  "build": {\n    "cpu": "v9"\n  }\n}', '3:5: build.cpu: "v9" is none of v1, v2, v3, v4'),
        ('{"build": {"cpu": 3}}', "1:12: build.cpu: a string is wanted, not a number"),
        (
            '{"build": {"opt_profile": "fast"}}',
            '1:12: build.opt_profile: "fast" is none of conservative, default, aggressive, verifier-safe',
        ),
        ('{"build": {"btf": "yes"}}', "1:12: build.btf: true or false is wanted, not a string"),
        ('{"build": {"cache": 1}}', "1:12: build.cache: true or false is wanted, not a number"),
        ('{"build": {"output": ""}}', "1:12: build.output: must not be empty"),
        ('{"build": {"timeout": 30}}', '1:12: build.timeout: a duration such as "30s" is wanted'),
        ('{"build": {"timeout": "0s"}}', "1:12: build.timeout: a timeout must be above zero, not 0s"),
        ('{"build": {"programs": ["f"]}}', "build.programs: an object of function and section names"),
        ('{"build": {"programs": {"f": 1}}}', 'the section of "f" must be a string that is not empty'),
        ('{"build": {"custom_passes": "licm"}}', "build.custom_passes: a list of strings is wanted"),
        (
            '{"build": {"custom_passes": ["instcombin"]}}',
            "no pass instcombin in llvmlite (did you mean instcombine?)",
        ),
        ('{"build": {"pass_pipeline": "default<O9>"}}', "build.pass_pipeline: no pipeline default<O9>"),
        ('{"build": {"opt_profile": "agressive"}}', "did you mean aggressive?"),
        ('{"build": {"byte_order": "bug"}}', '"bug" is none of little, big; did you mean big?'),
        ('{"toolchain": {"opt": null}}', "1:16: toolchain.opt: a string is wanted, not null"),
        ('{"build": []}', "1:2: build: an object is wanted, not a list"),
        ("[]", "1:1: the file: an object is wanted, not a list"),
        ('{"build": {"cpu": "v3",}}', "not valid JSON"),
        ("", "1:1: not valid JSON: Expecting value"),
        ('{\n"build": tru}', "2:10: not valid JSON: Expecting value"),
        ("[" * 100_000, "not valid JSON"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
    ],
)
def test_errors_name_their_place(tmp_path, text, message):
    (found,) = errors_of(tmp_path, text)
    assert found.startswith("tinybpf.json:")
    assert message in found


def test_all_errors_are_reported_at_once(tmp_path):
    found = errors_of(tmp_path, '{"build": {"cpu": "v9", "timeout": "soon"},\n "toolchain": {"llc": []}}')
    assert len(found) == 3
    assert found[2].startswith("tinybpf.json:2:16: ")


def test_the_column_counts_bytes_and_the_line_is_shown(tmp_path):
    with pytest.raises(CompileError) as caught:
        read(tmp_path, '{"build": {"output": "größe", "cpu": "v9"}}')
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.source is not None
    assert diagnostic.source.encode()[diagnostic.col - 1 :].startswith(b'"cpu"')


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('{"build": {"cpus": "v3"}}', "1:12: warning: unknown key build.cpus", "did you mean cpu?"),
        ('{"biuld": {}}', "1:2: warning: unknown key biuld", "did you mean build?"),
        ('{"toolchain": {"gcc": "x"}}', "1:16: warning: unknown key toolchain.gcc", None),
        ('{"toolchain": {"opt": "/usr/bin/opt"}}', "toolchain.opt has no effect: LLVM is built in", None),
        ('{"toolchain": {"tinygo": "tinygo"}}', "toolchain.tinygo has no effect: the compiler", None),
        ('{"build": {"btf": false}}', "build.btf has no effect", None),
        ('{"build": {"cache": true}}', "build.cache has no effect in this version", None),
    ],
)
def test_warnings(tmp_path, text, message, hint):
    (warning,) = read(tmp_path, text).warnings
    assert warning.severity == "warning"
    assert message in str(warning)
    assert hint is None or warning.hint == hint


def test_keys_in_nested_and_escaped_text_keep_their_places(tmp_path):
    text = '{"x": [{"a": "}]\\"", "b": [1, -2.5e3, null]}, {}, []],\n "build": {"cpu": "v9"}}'
    assert any("2:12: build.cpu" in line for line in errors_of(tmp_path, text))


def test_not_utf8(tmp_path):
    (tmp_path / "tinybpf.json").write_bytes(b'{"build\xff": {}}')
    with pytest.raises(CompileError, match="not UTF-8 at byte 7"):
        load_config(tmp_path / "tinybpf.json")


def test_no_such_file(tmp_path):
    with pytest.raises(NotFoundError, match=r"no such configuration file: .*other\.json"):
        load_config(tmp_path / "other.json")


def test_a_directory_is_no_configuration(tmp_path):
    with pytest.raises(CompileError, match="cannot be read"):
        load_config(tmp_path)


def test_found_by_walking_up(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_config(inner) is None
    (tmp_path / "tinybpf.json").write_text("{}")
    assert find_config(inner) == tmp_path / "tinybpf.json"
    (tmp_path / "a" / "tinybpf.json").write_text("{}")
    assert find_config(inner) == tmp_path / "a" / "tinybpf.json"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1m30s", 90), ("1.5h", 5400), ("500ms", 0.5), ("1h1m1s", 3661), ("+2s", 2), (".5s", 0.5)],
)
def test_durations(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "30", "s", "30 s", "-5s", "0s", "1d", "1m30", "30sec", "++1s"])
def test_no_durations(text):
    with pytest.raises(ValueError, match=r"duration|above zero"):
        parse_duration(text)
