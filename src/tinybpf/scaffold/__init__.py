"""New projects: what ``tinybpf init`` writes.

``names`` says what a project may be called, ``vendor`` what is vendored and how ``go.mod`` and
``vendor/modules.txt`` name it, ``project`` writes it all.
"""
