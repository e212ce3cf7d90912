"""The differential fuzzer: generated Go programs do in the kernel what gc's binary does.

::

    python -m fuzz --seed 1 --count 2000          # or --time 600, --features strings,slices
    python -m fuzz mutate --time 60               # sources, documents, directives, tinybpf.json
    python -m fuzz border --time 60               # damaged objects, which libbpf and the kernel load

``tree.py`` is what programs are made of, ``generate.py`` makes them with the rules of ``features/``,
``native.py`` and ``kernel.py`` run them, ``judge.py`` compares, ``reduce.py`` makes failing ones short.
"""
