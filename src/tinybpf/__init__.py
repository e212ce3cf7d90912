"""From Go source to a program attached in the kernel, in one Python object."""
