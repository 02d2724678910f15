"""A whole kernel command line: our words read, foreign ones kept, everything wrong reported."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from kickstart.arguments import network
from kickstart.arguments.refused import REFUSED, REFUSED_FLAGS
from kickstart.arguments.settings import Setting, read_reserved, read_setting
from kickstart.arguments.table import ARGUMENTS, Argument
from kickstart.arguments.values import read_boolean
from kickstart.arguments.words import Word, check_length, split_leniently, split_words
from persist.errors import ConfigError
from persist.translation import _

_TABLE = {name: row for row in (*ARGUMENTS, *REFUSED) for name in (row.name, *row.aliases)}

# Words of the boot itself: made anew for the installed system, or dangerous to hand on.
_NOT_PASSED_ON = frozenset(
    (
        "BOOT_IMAGE", "initrd", "root", "rootfstype", "rootflags", "ro", "rw", "check", "linux",
        "liveimg", "single", "S", "s", "1", "emergency", "init", "systemd.unit",
        "systemd.debug_shell", "systemd.debug-shell", "systemd.gpt_auto", "systemd.run",
        "systemd.wants", "systemd.set_credential", "systemd.set_credential_binary", "rdinit",
        "rd.shell", "rd.break", "rd.timeout", "rd.emergency", "rd.systemd.unit",
        "rd.systemd.debug_shell",
    )
)  # fmt: skip
_OURS = ("rauc.", "rd.live.")
# For storage_init, empty is the same as bare.
_NEVER_EMPTY = ("adminpw", "rootpw", "storage_init")


class Arguments(Struct, frozen=True, kw_only=True):
    """What a command line says.

    ``settings`` stand in order of precedence, legacy arguments first. ``reserved`` holds the
    words beside the sections (``bundle``, ``debug`` ...), ``plugins`` the untouched
    ``node.plugins.*``, ``foreign`` the words for the installed system.
    """

    settings: tuple[Setting, ...] = ()
    reserved: Mapping[str, str] = {}
    plugins: Mapping[str, str] = {}
    foreign: tuple[str, ...] = ()
    stateless: bool = False

    @property
    def unattended(self) -> bool:
        """Whether an installation without questions is asked for."""
        asked = any(setting.path[:2] == ("install", "disk") for setting in self.settings)
        return asked and not self.stateless

    @property
    def debug(self) -> bool:
        """Whether ``node.debug`` or the old ``node.log_level=debug`` was given."""
        return self.reserved.get("debug") == "yes" or self.reserved.get("log_level") == "debug"


def parse_command_line(command_line: str) -> Arguments:
    """Return what ``command_line`` says; raise ConfigError for the first thing wrong."""
    arguments, errors = parse_leniently(command_line)
    if errors:
        raise errors[0]
    return arguments


def parse_leniently(command_line: str) -> tuple[Arguments, tuple[ConfigError, ...]]:
    """Return what can be read and every error: a wrong ``ntp`` must not drop the given password."""
    reading = _Reading()
    reading.try_to(lambda: check_length(command_line.rstrip("\n")))
    reading.try_to(lambda: split_words(command_line))
    for word in split_leniently(command_line):
        reading.try_to(lambda word=word: reading.take(word))
    reading.try_to(reading.finish)
    return reading.result(), tuple(reading.errors)


class _Reading:
    """The words read so far."""

    def __init__(self) -> None:
        self.errors: list[ConfigError] = []
        self._given: dict[str, str | None] = {}
        self._rows: dict[str, Argument] = {}
        self._node: dict[str, str | None] = {}
        self._legacy: list[Setting] = []
        self._settings: list[Setting] = []
        self._reserved: dict[str, str] = {}
        self._plugins: dict[str, str] = {}
        self._foreign: list[str] = []
        self._stateless = False

    def try_to(self, action: Any) -> None:
        """Run ``action``; keep its error instead of raising."""
        try:
            action()
        except ConfigError as error:
            self.errors.append(error)

    def take(self, word: Word) -> None:
        """Sort one word."""
        row = _TABLE.get(word.name)
        if row is not None:
            self._take_legacy(word, row)
        elif word.name == "node" or word.name.startswith("node."):
            self._take_ours(word)
        elif word.name not in _NOT_PASSED_ON and not word.name.startswith(_OURS):
            _check_text(word)
            self._foreign.append(word.text)

    def _take_legacy(self, word: Word, row: Argument) -> None:
        # Templates of PXE servers leave empty what they do not know. An empty password is another
        # matter: GRUB makes one of a hash whose $ was not quoted.
        if word.value == "" and row.name not in _NEVER_EMPTY:
            return
        if row.meaning == "refused":
            if word.name in REFUSED_FLAGS and _is_off(word.value):
                return
            raise ConfigError(word.name, _("is not supported"), _(row.help))
        # PXE loaders add BOOTIF at the end by themselves: the last one counts, as it always did.
        if row.name != "BOOTIF":
            _refuse_second(word, self._given, row.name)
        self._given[row.name] = word.value
        self._rows[row.name] = row

    def _take_ours(self, word: Word) -> None:
        _refuse_second(word, self._node, word.name)
        self._node[word.name] = word.value
        if word.name.startswith("node.plugins."):
            self._plugins[word.name.removeprefix("node.plugins.")] = word.value or ""
            return
        reserved = read_reserved(word)
        if reserved is None:
            self._settings.append(read_setting(word))
            return
        name, value = reserved
        self._reserved[name] = value
        if name == "stateless":
            self._stateless = value == "yes"
        elif name == "token":
            self._settings.append(Setting(("install", "token"), value, word.name))

    def finish(self) -> None:
        """Read the legacy arguments, now that all of them are known; the table gives the order."""
        if "adminpw" in self._given:
            self._given.pop("rootpw", None)
        for row in ARGUMENTS:
            if row.name in self._given:
                self.try_to(lambda row=row: self._read_row(row))
        together = [name for name in network.NAMES if name in self._given]
        if together:
            self.try_to(lambda: self._read_links(together))

    def _read_row(self, row: Argument) -> None:
        value = self._given[row.name]
        if row.name == "stateless":
            self._stateless = self._stateless or read_boolean(row.name, value)
        elif row.read is not None:
            for path, setting in row.read(row.name, value).items():
                if path:
                    self._add_legacy(Setting(tuple(path.split(".")), setting, row.name))

    def _add_legacy(self, setting: Setting) -> None:
        """Two old arguments may mean one key (reinstall, firstboot): then they must agree."""
        for other in self._legacy:
            if other.path == setting.path and other.value != setting.value:
                raise ConfigError(
                    setting.argument,
                    _("contradicts {other}").format(other=other.argument),
                    _("Keep the one you mean."),
                )
        self._legacy.append(setting)

    def _read_links(self, together: list[str]) -> None:
        links = network.read_links(self._given)
        self._legacy.append(Setting(("network", "links"), links, ", ".join(together)))

    def result(self) -> Arguments:
        """Return the value made of everything taken."""
        return Arguments(
            settings=(*self._legacy, *self._settings),
            reserved=self._reserved,
            plugins=self._plugins,
            foreign=tuple(self._foreign),
            stateless=self._stateless,
        )


def _check_text(word: Word) -> None:
    """Refuse what cannot be written down for the installed system, before anything is written."""
    if any("\ud800" <= character <= "\udfff" for character in word.text):
        raise ConfigError(
            word.name,
            _("holds bytes that are no UTF-8 text"),
            _("Remove the argument, or write it in UTF-8."),
        )


def _is_off(value: str | None) -> bool:
    return value is not None and value.lower() in ("0", "no", "false", "off")


def _refuse_second(word: Word, seen: Mapping[str, str | None], name: str) -> None:
    if name in seen and seen[name] != word.value:
        raise ConfigError(
            word.name,
            _("is given twice with different values"),
            _("Keep the one you mean."),
        )
