"""The templates of the package become an environment that every backend renders with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


@cache
def environment() -> jinja2.Environment:
    """Return the one environment, its templates named by their path below `templates/`.

    Templates come from the package only, never from a project; a name that is not given is an error. Every
    text of a user passes one of the filters `yaml` and `hcl`; nothing escapes by itself.
    """
    from importlib.resources import files

    import jinja2

    from intentc.backends import hcl, yaml

    templates = files("intentc.templates")
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: templates.joinpath(name).read_text("utf-8")),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - it writes HTML; YAML and HCL have filters of their own
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"hcl": hcl.quote, "yaml": yaml.quote}
    return made
