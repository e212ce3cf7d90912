"""What LLVM does to a module: the optimisation profiles, and pipelines in LLVM's own notation.

A pipeline is a tuple of steps, which ``_llvm_worker`` carries out in order. LLVM's own text of a
pipeline, ``default<O2>`` or ``function(sroa,instcombine),globaldce``, is read here; it may name the
passes of ``PASSES``. LLVM's BPF passes and the inlining of what must be inlined run before any
pipeline.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import msgspec

PROFILES = ("conservative", "default", "aggressive", "verifier-safe")

Step = tuple[str, str, int, bool, bool, str]
"""What the worker does: kind, name, level, unrolling, whether size counts more than speed, llvmlite's name.

Kind ``default`` is LLVM's pipeline of a level for a module, ``simplify`` the one for each function,
``pass`` a single pass.
"""

PASSES = {
    "adce": "aggressive_dce",
    "aggressive-instcombine": "aggressive_instcombine",
    "always-inline": "always_inliner",
    "argpromotion": "argument_promotion",
    "break-crit-edges": "break_critical_edges",
    "constmerge": "constant_merge",
    "dce": "dead_code_elimination",
    "deadargelim": "dead_arg_elimination",
    "dse": "dead_store_elimination",
    "function-attrs": "post_order_function_attributes",
    "globaldce": "global_dead_code_eliminate",
    "globalopt": "global_opt",
    "instcombine": "instruction_combine",
    "instnamer": "instruction_namer",
    "ipsccp": "ipsccp",
    "jump-threading": "jump_threading",
    "lcssa": "lcssa",
    "loop-deletion": "loop_deletion",
    "loop-reduce": "loop_strength_reduce",
    "loop-rotate": "loop_rotate",
    "loop-simplify": "loop_simplify",
    "loop-unroll": "loop_unroll",
    "loop-unroll-and-jam": "loop_unroll_and_jam",
    "lower-switch": "lower_switch",
    "memcpyopt": "mem_copy_opt",
    "mergefunc": "merge_functions",
    "mergereturn": "unify_function_exit_nodes",
    "newgvn": "new_gvn",
    "partial-inliner": "partial_inliner",
    "reassociate": "reassociate",
    "reg2mem": "register_to_memory",
    "rpo-function-attrs": "rpo_function_attrs",
    "sccp": "sccp",
    "simplifycfg": "simplify_cfg",
    "sink": "sinking",
    "sroa": "sroa",
    "strip-dead-prototypes": "strip_dead_prototype",
    "tailcallelim": "tail_call_elimination",
}
"""LLVM's name of a pass, and llvmlite's."""

_OTHER_NAMES = {
    "early-cse": "newgvn",
    "gvn": "newgvn",
    "inline": "always-inline",
    "mem2reg": "sroa",
    "lowerswitch": "lower-switch",
    "unify-function-exit-nodes": "mergereturn",
}
"""What is asked for and not there, and what comes nearest."""

_REFUSED = {
    "internalize": "it would take the programs away, which nobody calls from inside the object",
    "loweratomic": "it makes plain code of atomic operations",
    "lower-atomic": "it makes plain code of atomic operations",
    "strip": "it takes the names away by which a loader finds programs and maps",
    "strip-nondebug": "it takes the names away by which a loader finds programs and maps",
    "strip-dead-debug-info": "it takes away the types of variables that only user space uses",
}

_NESTS = ("module", "cgscc", "function", "loop", "loop-mssa")
_LEVELS = {"O0": 0, "O1": 1, "O2": 2, "O3": 3, "Os": 2, "Oz": 2}
_TOKEN = re.compile(r"\s*([A-Za-z][\w-]*|[(),]|<[^<>]*>)")


class PipelineError(ValueError):
    """A pipeline that cannot be had; ``hint`` says what to write instead, where that is known."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message = message
        self.hint = hint


class Pipeline(msgspec.Struct, frozen=True):
    """The steps; ``own`` where they are not those of a profile alone."""

    steps: tuple[Step, ...]
    own: bool = False


def choose(profile: str, text: str | None, more: Sequence[str] = ()) -> Pipeline:
    """The pipeline of a profile, or of a text in its place, with further passes behind it.

    ``PipelineError`` where there is no such profile or pass.
    """
    if text is not None:
        steps = (*parse(text), *_further(more))
        if not any(step[0] == "default" for step in steps):
            steps = (_default(0), *steps)  # where LLVM's passes for BPF are
        return Pipeline(steps, own=True)
    return Pipeline((*of_profile(profile), *_further(more)), own=bool(more))


def of_profile(name: str) -> tuple[Step, ...]:
    if name not in PROFILES:
        raise PipelineError(f"no optimisation profile {name!r}", _nearest(name, PROFILES))
    return _PROFILES[name]


def _further(passes: Sequence[str]) -> tuple[Step, ...]:
    return tuple(step for text in passes for step in parse(text))


def _default(level: int, *, unroll: bool = True, small: bool = False) -> Step:
    letter = "s" if small else str(level)
    return ("default", f"default<O{letter}>", level, unroll, small, "")


def _pass(name: str) -> Step:
    return ("pass", name, 0, True, False, PASSES[name])


_PROFILES: dict[str, tuple[Step, ...]] = {
    "conservative": (_default(1),),
    "default": (_default(2, small=True),),
    "aggressive": (_default(2),),
    "verifier-safe": (_default(2, unroll=False, small=True),),
}


def parse(text: str) -> tuple[Step, ...]:
    """The steps of a pipeline in LLVM's notation; ``PipelineError`` says what is wrong with it."""
    return _Parser(text).run()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = self._split(text)
        self.at = 0

    @staticmethod
    def _split(text: str) -> list[str]:
        tokens, at, end = [], 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                raise PipelineError(f"pass pipeline {text!r}: {text[at:].strip()[:1]!r} has no meaning there")
            tokens.append(found[1])
            at = found.end()
        return tokens

    def run(self) -> tuple[Step, ...]:
        if not self.tokens:
            raise PipelineError("a pass pipeline without a pass", "such as default<O2>, or function(sroa)")
        steps = self._list(0)
        if self._peek():
            raise PipelineError(f"pass pipeline: {self._peek()!r} is one too many")
        return tuple(steps)

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self.at += 1
        return token

    def _list(self, depth: int) -> list[Step]:
        steps = self._element(depth)
        while self._peek() == ",":
            self._take()
            steps += self._element(depth)
        return steps

    def _element(self, depth: int) -> list[Step]:
        name = self._take()
        if not name or not name[0].isalpha():
            where = f"before {name!r}" if name else "at the end"
            raise PipelineError(f"pass pipeline: the name of a pass is missing {where}")
        option = self._take()[1:-1] if self._peek().startswith("<") else None
        if self._peek() == "(":
            return self._nest(name, option, depth)
        if name in ("default", "thinlto", "lto") or name in _LEVELS:
            return [self._whole(name, option)]
        return [_named(name, option)]

    def _nest(self, name: str, option: str | None, depth: int) -> list[Step]:
        if name not in _NESTS or depth > len(_NESTS):
            raise PipelineError(f"pass pipeline: {name} takes no passes in brackets", _nearest(name, _NESTS))
        if option is not None:
            raise PipelineError(f"pass pipeline: {name}<{option}> has an option that is not known here")
        self._take()
        steps = self._list(depth + 1)
        if self._take() != ")":
            raise PipelineError(f"pass pipeline: the bracket behind {name} is not closed")
        return steps

    def _whole(self, name: str, option: str | None) -> Step:
        level = option if name == "default" else name
        if level not in _LEVELS:
            shown = name if option is None else f"{name}<{option}>"
            raise PipelineError(f"no pipeline {shown}", "there are default<O0> to default<O3>, default<Os>")
        return _default(_LEVELS[level], small=level in ("Os", "Oz"))


def _named(name: str, option: str | None) -> Step:
    if name in _REFUSED:
        raise PipelineError(f"pass {name} makes no sense here: {_REFUSED[name]}")
    if name not in PASSES:
        raise PipelineError(f"no pass {name} in llvmlite", _nearest(name, PASSES))
    if option is not None:
        raise PipelineError(f"pass {name} takes no options here: <{option}>", f"write {name}")
    return _pass(name)


def _nearest(name: str, known: Sequence[str] | dict[str, str]) -> str:
    if known is PASSES and name in _OTHER_NAMES:
        return f"the nearest there is: {_OTHER_NAMES[name]}"
    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(known)}"
