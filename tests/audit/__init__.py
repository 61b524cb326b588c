"""The cases of `intentc audit`, and the input it has to stand."""
