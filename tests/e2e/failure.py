"""What stops a part before it can say anything: something that is not there."""


class Missing(Exception):
    """A program or a permission that a part needs; the message says how to get it."""
