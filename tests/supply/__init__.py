"""What intentc is made of: every pinned package listed with its licence, and what is known against it."""
