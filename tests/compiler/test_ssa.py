"""The description of the front end's document, and the schema made from it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from tinybpf.compiler import ssa

SCHEMA = Path(__file__).parents[2] / "go" / "frontend" / "schema.json"


def test_schema_is_up_to_date() -> None:
    assert SCHEMA.read_bytes() == ssa.schema(), (
        "run: python -m tinybpf.compiler.ssa > go/frontend/schema.json"
    )


def test_a_request_says_its_protocol() -> None:
    assert json.loads(msgspec.json.encode(ssa.Request(dir="/x")))["protocol"] == ssa.PROTOCOL


@pytest.mark.parametrize(
    "text",
    [
        '{"protocol": 1, "unknown": 2}',
        '{"package": "main"}',
        '{"protocol": "1"}',
        '{"protocol": 1, "types": [{"kind": "Basic", "string": "int"}]}',
        '{"protocol": 1, "types": [{"kind": "New", "string": "int", "size": 8, "align": 8}]}',
        '{"protocol": 1, "diagnostics": [{"pos": [0, 1], "message": "x"}]}',
        '{"protocol": 1, "functions": [{"name": "f", "package": "m", "type": 0, "pos": [0, 1, 1],'
        ' "blocks": [{"instrs": [{"op": "Jump", "pos": [0, 1, 1], "id": 3}]}]}]}',
    ],
)
def test_decoding_is_strict(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=ssa.Document)


def test_what_is_left_out_has_its_default() -> None:
    document = msgspec.json.decode('{"protocol": 1}', type=ssa.Document)
    assert document == ssa.Document(protocol=1)
    assert document.functions == []
