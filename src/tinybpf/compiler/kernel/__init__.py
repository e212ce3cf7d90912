"""What the kernel defines, as data."""
