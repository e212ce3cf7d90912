"""Go functions compiled to BPF do what the same functions do when gc compiles them."""
