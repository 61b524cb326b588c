"""The real parts: an API server, packets between pods, and what else takes what the compiler writes."""
