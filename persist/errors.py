"""The errors of the product. The kind says who must act, the exit code follows the kind.

::

    NodeError                 1   our bug when it is none of these
      ConfigError(path)       2   mend the config value at ``path``
      PlanError               3   what is asked cannot be done on this machine
      StepError               4   a step failed while it changed the machine
        VerificationError     4   a step reported success, the machine says otherwise
      BundleError             5   the image or its signature is not acceptable
      PluginError             6   a plugin misbehaves
      RecipeError(file, line) 7   mend the image recipe
      DependencyError(tool)   8   a program this needs is missing
      AccessError             9   the caller may not do this
"""


class NodeError(Exception):
    """Something the user can act on: ``message`` says what happened, ``hint`` what to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigError(NodeError):
    """The config is wrong at ``path`` (dotted, as in ``network.links.0.vlan``)."""

    exit_code = 2

    def __init__(self, path: str, message: str, hint: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message, hint)
        self.path = path


class PlanError(NodeError):
    """What is asked cannot be done on this machine; nothing was changed."""

    exit_code = 3


class StepError(NodeError):
    """A step failed while it changed the machine."""

    exit_code = 4


class VerificationError(StepError):
    """A step ended, but reading back shows that its result is not there."""


class BundleError(NodeError):
    """An image bundle is damaged, unsigned or made for something else."""

    exit_code = 5


class PluginError(NodeError):
    """A plugin misbehaves."""

    exit_code = 6


class RecipeError(NodeError):
    """An image recipe is wrong at ``file``:``line``."""

    exit_code = 7

    def __init__(self, file: str, line: int, message: str, hint: str = "") -> None:
        super().__init__(f"{file}:{line}: {message}", hint)
        self.file = file
        self.line = line


class DependencyError(NodeError):
    """A program or library that this needs is missing or too old."""

    exit_code = 8

    def __init__(self, tool: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.tool = tool


class AccessError(NodeError):
    """The caller may not do this."""

    exit_code = 9
