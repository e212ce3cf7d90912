"""Changed copies of texts and of JSON trees."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Sequence
from typing import Any

TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|`[^`]*`|\w+|\s+|[^\w\s]')
WORDS = (
    """
ebpf.Context|ebpf.IPv4Addr|ebpf.Printk("%d", 1)|ebpf.XDP|ctx|*ctx|ebpf.Hash[uint32,uint32]{}
ebpf.BE16{}|ebpf.Loop|ebpf.Map|any|go |defer |nil|map[int]int{}|chan int|func(){}()|[]int{1,2}
append(x,1)|"s"|1.5|interface{}|len|cap|&|*|copy(a,b)|recover()|panic(1)|range|goto|select{}|<-
&^=|<<|struct{}|min(1,2)|unsafe.Slice|const|var|[...]int{}|iota|uintptr|int8|uint64|[0]int{}
[2][3]byte|1<<70|-1|string|type|for|switch|return|break|...|error|comparable|~int|clear(x)
0x7fffffffffffffff|'a'|func(x int) int { return x }|if|else|:=|unsafe.Pointer(ctx)
unsafe.Sizeof(ctx)|(*[4]byte)(nil)|sync|atomic.AddUint64(p, 1)|import "math/bits"|//go:noinline
""".strip()
    .replace("\n", "|")
    .split("|")
)
DIRECTIVES = (
    """
//bpf:section xdp|//bpf:section|//bpf:section kprobe/|//bpf:section nonsense|//bpf:onpanic 0
//bpf:onpanic|//bpf:onpanic 99999999999999999999|//bpf:onpanic x|//bpf:license GPL
//bpf:license|//bpf:license "|//bpf:panics lines|//bpf:panics|//bpf:builtin|//bpf:builtin x
//bpf:|//bpf:sectoin xdp|// bpf:section xdp|//export f|//export|//export 1x|//export a b
//go:extern bpf_map_lookup_elem|//go:extern|//go:extern bpf_nope|//go:noinline
//go:linkname a b|//go:build !linux|//go:build go1.1|//go:build (|//go:embed x|//line x.go:7
//line :0|//bpf:section ?xdp|//bpf:section tracepoint/a/b|//bpf:section fentry/vfs_read
//bpf:section ../../x|//bpf:section \xff|/*bpf:section xdp*/
""".strip()
    .replace("\n", "|")
    .split("|")
)
STRINGS = ("", "\0", "x" * 300, "ä\u202e", "%s%n", "../..", "int", "main", "-1", "v5", "1h", "\n", '"')
NUMBERS = (0, 1, -1, 2, 3, 7, 64, 255, 1 << 31, 1 << 32, (1 << 63) - 1, -(1 << 63), 1 << 64, 10**30)


def source(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """A Go text with some tokens replaced, added, taken away, or taken from another text."""
    tokens = TOKEN.findall(text)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not tokens:
            break
        at, kind = rng.randrange(len(tokens)), rng.random()
        if kind < 0.3:
            tokens[at] = rng.choice(tokens)
        elif kind < 0.5:
            tokens[at] = rng.choice(WORDS)
        elif kind < 0.62:
            del tokens[at]
        elif kind < 0.75:
            tokens.insert(at, rng.choice(WORDS))
        elif kind < 0.85:
            other = rng.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        else:
            return _lines(rng, "".join(tokens), rng.choice(others))
    return "".join(tokens)


def _lines(rng: random.Random, text: str, other: str) -> str:
    """Some lines doubled, or lines of another text among them."""
    lines, given = text.split("\n"), other.split("\n")
    at, start = rng.randrange(len(lines)), rng.randrange(len(given))
    length = rng.randint(1, 6)
    lines[at:at] = given[start : start + length] if rng.random() < 0.7 else lines[at : at + length]
    return "\n".join(lines)


def directives(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """A Go text with comment lines put in, changed, taken away."""
    lines = text.split("\n")
    for _ in range(rng.randint(1, 3)):
        known = [n for n, line in enumerate(lines) if line.startswith("//")]
        kind = rng.random()
        if known and kind < 0.3:
            del lines[rng.choice(known)]
        elif known and kind < 0.6:
            at = rng.choice(known)
            lines[at] = characters(rng, lines[at])
        else:
            lines.insert(rng.randint(0, len(lines)), rng.choice(DIRECTIVES))
    return "\n".join(lines)


def characters(rng: random.Random, text: str) -> str:
    """A text with some characters changed."""
    for _ in range(rng.randint(1, 3)):
        at, kind = rng.randint(0, len(text)), rng.random()
        if kind < 0.4:
            text = text[:at] + text[at + 1 :]
        elif kind < 0.8:
            text = text[:at] + rng.choice(' "{}[]:,.-/0179aZ\t\n\\é\0') + text[at:]
        else:
            text = text[:at] + text[max(0, at - 9) : at] + text[at:]
    return text


def tree(rng: random.Random, root: Any, changes: int = 1) -> Any:
    """A copy of a JSON tree with some parts changed."""
    root = copy.deepcopy(root)
    for _ in range(changes):
        holders = _holders(root)
        if not holders:
            return _leaf(rng, root)
        _change(rng, rng.choice(holders), holders)
    return root


def _holders(root: Any) -> list[Any]:
    """All lists and objects with something in them."""
    found, rest = [], [root]
    while rest:
        one = rest.pop()
        if isinstance(one, (list, dict)) and one:
            found.append(one)
            rest += one.values() if isinstance(one, dict) else one
    return found


def _change(rng: random.Random, holder: Any, holders: list[Any]) -> None:
    key: Any = rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
    kind = rng.random()
    if kind < 0.15:
        del holder[key]
    elif kind < 0.25 and isinstance(holder, list):
        holder.insert(rng.randint(0, len(holder)), copy.deepcopy(holder[key]))
    elif kind < 0.35 and isinstance(holder, list):
        other = rng.randrange(len(holder))
        holder[key], holder[other] = holder[other], holder[key]
    elif kind < 0.45:
        other_holder = rng.choice(holders)
        values = list(other_holder.values()) if isinstance(other_holder, dict) else other_holder
        holder[key] = copy.deepcopy(rng.choice(values))
    elif kind < 0.5 and isinstance(holder, dict):
        holder[rng.choice(STRINGS)] = copy.deepcopy(holder[key])
    else:
        holder[key] = _leaf(rng, holder[key])


def _leaf(rng: random.Random, old: Any) -> Any:
    if isinstance(old, bool) and rng.random() < 0.7:
        return not old
    if isinstance(old, int) and rng.random() < 0.85:
        return old + rng.choice((-1, 1, 2, -2, 8)) if rng.random() < 0.5 else rng.choice(NUMBERS)
    if isinstance(old, str) and rng.random() < 0.85:
        return characters(rng, old) if rng.random() < 0.5 else rng.choice(STRINGS)
    return rng.choice((None, True, 0, -1, 1.5, "", "x", [], {}, [[]], {"kind": "x"}))
