"""What a line of Go says at a column, read from its text alone.

An object's line information has the text of each line. That is enough to name the variable that an
instruction is about: the compiler's columns are those of the operator, the selected name or the
called name that it comes from. Nothing here parses whole programs; what is not understood is None.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<space>\s+|//.*|/\*.*?\*/)
      | (?P<name>[^\W\d]\w*)
      | (?P<number>\d[\w.]*)
      | (?P<text>"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])+')
      | (?P<sign>:=|\+\+|--|&&|\|\||<<=|>>=|&\^=|[-+*/%&|^<>=!]=|<<|>>|&\^|\.\.\.|.)""",
    re.VERBOSE,
)
_OPENING, _CLOSING = "([{", ")]}"
_PACKAGES = frozenset(["atomic", "binary", "bits", "cmp", "ebpf", "math", "unsafe"])
_NO_VARIABLES = frozenset(
    [
        "any", "bool", "byte", "comparable", "error", "false", "int", "int8", "int16", "int32", "int64",
        "iota", "nil", "rune", "string", "true", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr",
        "break", "case", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go",
        "goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct",
        "switch", "type", "var",
    ]
)  # fmt: skip
_ASSIGNS = frozenset([":=", "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "&^="])

_STEPS = frozenset(["++", "--", "+=", "-=", "<<=", ">>="])


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    """Where it begins in the line, counted in characters from 0."""


class Call(NamedTuple):
    """A call: ``name`` as it is written up to the parenthesis, without type arguments."""

    name: str
    arguments: tuple[str, ...]

    @property
    def receiver(self) -> str:
        """What stands before the last dot: a variable, or a package."""
        return self.name.rpartition(".")[0]

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


class Line:
    """A line's tokens, with the places of matching brackets."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [
            Token(m.lastgroup or "", m[0], m.start()) for m in _TOKEN.finditer(text) if m.lastgroup != "space"
        ]
        self.partner: dict[int, int] = {}
        opened: list[int] = []
        for i, token in enumerate(self.tokens):
            if token.text in _OPENING and token.kind == "sign":
                opened.append(i)
            elif token.text in _CLOSING and token.kind == "sign" and opened:
                start = opened.pop()
                self.partner[start], self.partner[i] = i, start

    def sign(self, i: int) -> str:
        """The operator or bracket at place ``i``; empty for anything else."""
        inside = 0 <= i < len(self.tokens)
        return self.tokens[i].text if inside and self.tokens[i].kind == "sign" else ""

    def is_name(self, i: int) -> bool:
        return 0 <= i < len(self.tokens) and self.tokens[i].kind == "name"

    def at(self, column: int) -> int | None:
        """The token at a column (in bytes, from 1)."""
        start = len(self.text.encode()[: column - 1].decode(errors="replace"))
        return next((i for i, t in enumerate(self.tokens) if t.start <= start < t.start + len(t.text)), None)

    def between(self, first: int, last: int) -> str:
        """The text of tokens ``first`` to ``last``, both included."""
        if not first <= last < len(self.tokens):
            return ""
        end = self.tokens[last]
        return self.text[self.tokens[first].start : end.start + len(end.text)]

    def chain_start(self, i: int) -> int:
        """Where the operand begins that ends with token ``i``: ``a.b[i].c`` is one."""
        while True:
            if self.sign(i) in (")", "]") and i in self.partner:
                i = self.partner[i]
                if self.is_name(i - 1) or self.sign(i - 1) in (")", "]"):
                    i -= 1
                    continue
                return i
            if self.is_name(i) and self.sign(i - 1) == "." and i >= 2:
                i -= 2
                continue
            return i

    def call(self, i: int) -> Call | None:
        """The call whose name's last part is token ``i``."""
        if not self.is_name(i) or self.tokens[i].text in _NO_VARIABLES:
            return None
        after = i + 1
        if self.sign(after) == "[" and after in self.partner:  # type arguments
            after = self.partner[after] + 1
        if self.sign(after) != "(" or after not in self.partner:
            return None
        return Call(self.between(self.chain_start(i), i), self._arguments(after, self.partner[after]))

    def _arguments(self, opening: int, closing: int) -> tuple[str, ...]:
        found, start, i = [], opening + 1, opening + 1
        while i < closing:
            if self.sign(i) in tuple(_OPENING) and i in self.partner:
                i = self.partner[i]
            elif self.sign(i) == ",":
                found.append(self.between(start, i - 1))
                start = i + 1
            i += 1
        if start < closing:
            found.append(self.between(start, closing - 1))
        return tuple(found)

    def calls(self) -> list[Call]:
        """All calls of the line, as they are written."""
        return [call for i in range(len(self.tokens)) if (call := self.call(i)) is not None]


def variables(text: str) -> list[str]:
    """The variables of an expression, with their fields, in order: no functions, types, constants."""
    line = Line(text)
    found: list[str] = []
    i = 0
    while i < len(line.tokens):
        i, name = _variable(line, i)
        if name and name not in found:
            found.append(name)
    return found


def _variable(line: Line, i: int) -> tuple[int, str]:
    """The variable that begins at token ``i`` (or nothing), and where to go on."""
    if line.sign(i) == "(" and line.sign(i + 1) == "*" and i in line.partner:
        closing = line.partner[i]
        if line.sign(closing + 1) == "(":  # (*T)(x), a conversion
            return closing + 1, ""
    if not line.is_name(i):
        return i + 1, ""
    end = i
    while line.sign(end + 1) == "." and line.is_name(end + 2):
        end += 2
    called = line.call(end) is not None
    base = line.tokens[i].text
    if base in _NO_VARIABLES or base in _PACKAGES or (called and end == i):
        return end + 1, ""
    if called:
        end -= 2
    return end + (3 if called else 1), line.between(i, end)


def variable(text: str) -> str | None:
    """The first variable of an expression."""
    return next(iter(variables(text)), None)


def converted(text: str | None) -> str | None:
    """What an expression converts: ``&x`` of ``unsafe.Pointer(&x)`` and of ``(*T)(unsafe.Pointer(&x))``."""
    while text:
        line = Line(text)
        end = len(line.tokens) - 1
        start = next((i for i in range(end) if line.sign(i) == "("), end)
        if text.startswith("(*"):
            start = line.partner.get(0, end) + 1
        elif line.between(0, start - 1) not in ("unsafe.Pointer", "uintptr"):
            break
        if line.partner.get(start) != end:
            break
        text = line.between(start + 1, end - 1)
    return text


def pointer_at(text: str, column: int) -> str | None:
    """The variable through which the line reads or writes memory at a column."""
    line = Line(text)
    i = line.at(column)
    if i is None:
        return None
    if line.sign(i) == "*":
        return variable(line.between(i + 1, _operand_end(line, i + 1)))
    if line.sign(i) == "[":
        return _base(line, i - 1)
    if line.is_name(i):
        call = line.call(i)
        if call is not None:
            return variable(call.arguments[0]) if call.arguments else None
        if line.sign(i - 1) == ".":
            return _base(line, i - 2)
        return None if line.tokens[i].text in _NO_VARIABLES else line.tokens[i].text
    if line.sign(i) in _ASSIGNS or line.sign(i) in ("++", "--"):
        return variable(line.between(0, i - 1))
    return None


def _base(line: Line, i: int) -> str | None:
    return variable(line.between(line.chain_start(i), i))


def _operand_end(line: Line, i: int) -> int:
    """Where the operand ends that begins at token ``i``."""
    while line.sign(i) in ("*", "&", "-", "^", "!"):
        i += 1
    end = line.partner.get(i, i) if line.sign(i) == "(" else i
    while True:
        if line.sign(end + 1) == "." and line.is_name(end + 2):
            end += 2
        elif line.sign(end + 1) in ("(", "[") and end + 1 in line.partner:
            end = line.partner[end + 1]
        else:
            return min(end, len(line.tokens) - 1)


def selected_at(text: str, column: int) -> str | None:
    """The field that is read or written at a column, as it is written: ``ctx.Len``."""
    line = Line(text)
    i = line.at(column)
    if i is None or not line.is_name(i) or line.sign(i - 1) != "." or line.call(i) is not None:
        return None
    return line.between(line.chain_start(i), i)


def sum_at(text: str, column: int) -> tuple[str | None, str | None]:
    """The pointer and what is added to it, of ``unsafe.Add(p, i)``, ``p + i`` or ``a[i]`` at a column."""
    line = Line(text)
    i = line.at(column)
    if i is None:
        return None, None
    call = line.call(i)
    if call is not None and call.name in ("unsafe.Add", "unsafe.Slice") and len(call.arguments) == 2:
        return variable(call.arguments[0]), variable(call.arguments[1])
    if line.sign(i) == "[" and i in line.partner:
        return _base(line, i - 1), variable(line.between(i + 1, line.partner[i] - 1))
    if line.sign(i) in ("+", "-"):
        left = line.between(line.chain_start(i - 1), i - 1)
        return variable(left), variable(line.between(i + 1, _operand_end(line, i + 1)))
    return None, None


def sum_in(text: str) -> tuple[str | None, str | None]:
    """The first sum of a variable and something else in the line, as of ``sum_at``."""
    line = Line(text)
    for token in line.tokens:
        if token.text == "Add" or (token.kind == "sign" and token.text in ("+", "[")):
            column = len(line.text[: token.start].encode()) + 1
            pointer, added = sum_at(text, column)
            if pointer:
                return pointer, added
    return None, None


def call_at(text: str, column: int) -> Call | None:
    """The call whose name stands at a column."""
    line = Line(text)
    i = line.at(column)
    return line.call(i) if i is not None else None


def calls(text: str) -> list[Call]:
    """All calls of a line."""
    return Line(text).calls()


_C_DECLARED = re.compile(r"(?!var\b)(?:\w+\s+)*\w+(?:\s+|\s*\*+\s*)(?P<name>\w+)$")  # struct event *e
_C_CAST = re.compile(r"\((?:\w+\s+)*\w+\s*\*+\)\s*(?=\S)")


def without_cast(text: str) -> str:
    """An expression of C without the cast before it: ``&key`` of ``(void *)&key``."""
    return _C_CAST.sub("", text, count=1) if _C_CAST.match(text) else text


def assigned(text: str) -> str | None:
    """The first variable that the line gives a value: ``e`` of ``e, ok := f()``."""
    line = Line(text)
    for i in range(len(line.tokens)):
        if line.sign(i) in _ASSIGNS:
            declared = _C_DECLARED.match(line.between(0, i - 1))
            return declared["name"] if declared else variable(line.between(0, i - 1))
        if line.sign(i) == "{":
            return None
    return None


_C_LOOP = re.compile(r"\s*(?:\}\s*)?(?:for|while)\s*\((?P<head>.*)\)\s*(?:\{|;)?\s*$")


class Loop(NamedTuple):
    """A ``for`` line: its condition as it is written, empty without one, and the variables in it."""

    condition: str
    variables: tuple[str, ...]
    limit: str
    """What the variable is compared with, empty where the condition is no comparison."""
    counts: bool
    """Whether it has a variable that counts: ``for i := 0; i < n; i++``."""


def loop(text: str) -> Loop | None:
    """The head of a loop, where the line is one: of Go, or of C."""
    of_c = _C_LOOP.match(text)
    line = Line(f"for {of_c['head']} {{" if of_c else text)
    start = next((i for i, t in enumerate(line.tokens) if t.kind == "name" and t.text == "for"), None)
    if start is None or (start > 0 and line.sign(start - 1) != ":"):
        return None
    end = next((i for i in range(len(line.tokens) - 1, start, -1) if line.sign(i) == "{"), len(line.tokens))
    head = range(start + 1, end)
    if any(line.is_name(i) and line.tokens[i].text == "range" for i in head):
        after = next(i for i in head if line.tokens[i].text == "range") + 1
        text = line.between(after, end - 1)
        return Loop(f"range {text}", tuple(variables(text)), text, True)
    stops = [i for i in head if line.sign(i) == ";"]
    first, last = (stops[0] + 1, stops[1] - 1) if len(stops) == 2 else (start + 1, end - 1)
    condition = line.between(first, last)
    compared = next((i for i in range(first, last) if line.sign(i) in ("<", "<=", ">", ">=", "!=")), None)
    limit = line.between(compared + 1, last) if compared is not None else ""
    steps = len(stops) == 2 and any(line.sign(i) in _STEPS for i in range(stops[1] + 1, end))
    return Loop(condition, tuple(variables(condition)), limit, steps)
