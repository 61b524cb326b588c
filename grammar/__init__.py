"""The grammar of the intent language, shipped as package data."""
