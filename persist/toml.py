"""``node.toml``: the config as the file people read and write."""

import tomllib

import tomli_w

from persist.errors import ConfigError
from persist.model import NodeConfig, decode_config, encode_config
from persist.translation import _


def load_config(text: str) -> NodeConfig:
    """Return the config that ``text`` holds; errors name the path, or the line of bad TOML."""
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise ConfigError(
            "",
            _("this is not TOML: {reason}").format(reason=reason),
            _("Mend that line of the file."),
        ) from None
    return decode_config(plain)


def dump_config(config: NodeConfig) -> str:
    """Return ``config`` as TOML, secrets included, in the model's order, defaults left out."""
    return tomli_w.dumps(encode_config(config), multiline_strings=False)
