"""The reference model: a small second implementation to hold the compiler against."""
