"""The pages of the documentation that the program itself quotes."""
