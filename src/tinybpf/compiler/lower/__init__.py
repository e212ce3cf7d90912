"""Typed SSA to LLVM IR."""
