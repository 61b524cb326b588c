"""The templates of the package become an environment that answers are rendered with."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


@cache
def environment() -> jinja2.Environment:
    """Return the one environment, its templates named by their path below `templates/`.

    Templates come from the package only, never from a project; a name that is not given is an error. What
    ends in `.html.j2` is escaped by itself; elsewhere a text of a user passes the filter `yaml` or `shell`.
    """
    from importlib.resources import files

    import jinja2

    from intentc.backends import yaml

    templates = files("intentc.templates")
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: templates.joinpath(name).read_text("utf-8")),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(("html.j2",), default=False),
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"shell": shlex.quote, "yaml": yaml.quote}
    return made
