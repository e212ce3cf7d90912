"""What the verifier's refusals mean and what to do about them: a table, the first entry that matches wins.

An entry is a pattern for the verifier's words, the reason and the advice for who wrote the program in
Go, and what the refusal is about (`verifier_facts` finds its names). The words are the same in the
kernel's logs before and after Linux 7.3.
"""

from __future__ import annotations

from tinybpf.libbpf.verifier_flow import FLOW
from tinybpf.libbpf.verifier_memory import MEMORY
from tinybpf.libbpf.verifier_rules import RULES

REFUSALS = (*MEMORY, *FLOW, *RULES)
