"""Threats and faults by their numbers, each held against the compiler as it is used."""
