"""The shape of every generated file, as Jinja2 templates, and the starter project of `intentc init`."""
