"""Kernel arguments to config settings. Precedence and defaults belong to ``kickstart.merge``."""

from kickstart.arguments.command_line import Arguments, parse_command_line, parse_leniently
from kickstart.arguments.settings import Setting

__all__ = ["Arguments", "Setting", "parse_command_line", "parse_leniently"]
