"""Mutated inputs come to an object or a diagnostic: never a crash, a hang, a traceback.

``mutants.py`` changes texts and JSON trees, ``targets.py`` says what is changed and how it is run,
``hunt.py`` drives it: what reaches lines of the compiler that nothing reached before is changed further.
"""
