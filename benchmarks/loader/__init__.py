"""The loader beside C with libbpf, and beside bcc where it is there: the same object and data, one run."""
