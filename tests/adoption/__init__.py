"""Tests of `intentc import`."""
