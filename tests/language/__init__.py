"""The language under attack: its examples, valid programs by the thousand, and broken ones."""
