"""Turn any bytes into a verdict: the compiler answers every input with a result or a diagnostic, soon."""
