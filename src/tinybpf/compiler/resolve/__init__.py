"""Function values, interfaces and ``defer``, written out before lowering.

What comes out is the same document without them: each call is of a function by its name, a function
value is a number or the address of what it captures, an interface is a struct of two words.

* ``defers`` makes of a ``defer`` a flag, variables for the arguments, and blocks that run what is due,
  on the way to each return and after a panic.
* ``webs`` gives each use of a variable that is assigned several times a variable of its own, so that
  ``s = A{}; s.M(); s = B{}; s.M()`` has two types that are known.
* ``analysis`` finds which functions and types each value may be. A function that takes or gives such
  values is looked at once for each call of it: there are as many *clones*.
* ``merge`` finds clones that come out the same.
* ``rewrite`` writes the clones. ``calls``, ``interfaces`` and ``closures`` are parts of it.
* ``ops`` are the instructions that only this step makes.
"""
