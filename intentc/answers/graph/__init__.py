"""A compiled cluster becomes a picture: who talks to whom, by which line, and what each layer sees of it."""
