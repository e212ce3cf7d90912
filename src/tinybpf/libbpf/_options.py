"""The options of `tinybpf.open` that few programs need: where the kernel's types are, pins, kconfig."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tinybpf.libbpf._check import not_found, path_of
from tinybpf.libbpf._lib import ffi


def fill(opts: Any, btf_path: Any, pin_root: Any, kconfig: Any) -> list[Any]:
    """Put them into libbpf's structure; what is returned must live as long as that is used."""
    alive = []
    if btf_path is not None:
        path = path_of("btf_path", btf_path)
        if not os.path.isfile(path):
            raise not_found(f"use '{path}' as the kernel's BTF failed: there is no such file")
        alive.append(ffi.new("char[]", os.fsencode(path)))
        opts.btf_custom_path = alive[-1]
    if pin_root is not None:
        path = path_of("pin_root", pin_root)
        if not path:
            raise ValueError("pin_root must be a directory in a BPF file system")
        alive.append(ffi.new("char[]", os.fsencode(path)))
        opts.pin_root_path = alive[-1]
    if kconfig is not None:
        alive.append(ffi.new("char[]", kconfig_text(kconfig).encode()))
        opts.kconfig = alive[-1]
    return alive


def kconfig_text(given: Any) -> str:
    """Lines of ``CONFIG_NAME=value`` from a mapping; ``ValueError`` for what is no name or value."""
    if isinstance(given, str):
        lines = given.splitlines()
        wrong = next((line for line in lines if line and not line.startswith(("#", "CONFIG_"))), None)
        if wrong is not None:
            raise ValueError(f"kconfig: '{wrong}' is no line such as CONFIG_HZ=250")
        return given
    if not isinstance(given, Mapping):
        raise TypeError(f"kconfig must be a mapping or text, not {type(given).__name__}")
    return "".join(f"{_name(name)}={_value(name, value)}\n" for name, value in given.items())


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.startswith("CONFIG_") or not name.isidentifier():
        raise ValueError(f"kconfig: {name!r} is no name such as CONFIG_HZ")
    return name


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "y" if value else "n"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise TypeError(f"kconfig: {name} must be a bool, an int or a str, not {type(value).__name__}")
    if value in ("y", "n", "m"):
        return value
    if '"' in value or "\n" in value:
        raise ValueError(f"kconfig: {name} must not have quotes or line ends in it")
    return f'"{value}"'
