"""Break lowering and backends on purpose, one small change at a time, and see whether the proof notices."""
