"""One module per kind of attachment; each has ``attach(program, …) -> BpfLink``."""
