"""Benchmarks: against clang and C in the same run. ``make bench`` runs them."""
