"""Tests of intentc; a behaviour of the compiler is a folder in tests/cases."""
