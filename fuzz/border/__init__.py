"""Damaged objects against the border that libbpf stands behind: an error or a result, no crash, no hang.

``seeds.py`` has good objects, ``image.py`` finds the parts of one, ``mutants.py`` and ``types.py`` change
them with what ELF, BTF and relocations mean in mind, ``child.py`` opens and loads mutants in a process
that may die, ``campaign.py`` drives such processes. ``sanitized.py`` builds a libbpf with the address
sanitizer, ``guided.py`` has atheris choose the mutants.
"""
