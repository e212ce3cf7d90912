"""Go source to a BPF object."""
