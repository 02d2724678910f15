"""The words of a kernel command line, as GRUB, iPXE and pxelinux deliver them.

Quotes keep spaces together wherever they stand: ``key="a b"``, ``"key=a b"`` (GRUB moves them
around the whole word) and ``key=\\"a b\\"`` (GRUB escapes those it took for text) are all
``key=a b``.
"""

from msgspec import Struct

from persist.errors import ConfigError
from persist.translation import _

# COMMAND_LINE_SIZE of x86 is 2048 with the final NUL; the kernel cuts there and says nothing.
LONGEST = 2047


class Word(Struct, frozen=True):
    """``name`` or ``name=value``; ``value`` is None when there is no equals sign."""

    name: str
    value: str | None

    @property
    def text(self) -> str:
        """The word as a command line has it, quoted when it holds a space.

        A space in a name is kept inside too: what stands behind it is no word of its own.
        """
        whole = self.name if self.value is None else f"{self.name}={self.value}"
        if _is_spaced(self.name):
            return f'"{whole}"'
        if self.value is not None and _is_spaced(self.value):
            return f'{self.name}="{self.value}"'
        return whole


def _is_spaced(text: str) -> bool:
    return any(character.isspace() for character in text)


def check_length(command_line: str) -> None:
    """Refuse a command line that the kernel has cut."""
    length = len(command_line.encode(errors="surrogateescape"))
    if length < LONGEST:
        return
    raise ConfigError(
        "",
        _("the kernel command line is truncated: it fills all {most} bytes").format(most=LONGEST),
        _("Give fewer arguments, or put them into a file and name it with node.config=."),
    )


def split_words(command_line: str) -> tuple[Word, ...]:
    """Return the words before a bare ``--``; what follows it is for PID 1 alone."""
    texts, unclosed = _split(command_line)
    if unclosed:
        raise ConfigError(
            next(iter(_without_quotes(unclosed).partition("=")[0].split()), ""),
            _("a quote is opened here and never closed"),
            _("Close it, or remove it when the value holds no space."),
        )
    return _read(texts)


def split_leniently(command_line: str) -> tuple[Word, ...]:
    """Return the words with a quote that is never closed left out.

    It must not hide a password that is given behind it.
    """
    texts, unclosed = _split(command_line)
    return _read([*texts, *_without_quotes(unclosed).split()])


def _without_quotes(text: str) -> str:
    return text.replace('\\"', "").replace('"', "")


def _read(texts: list[str]) -> tuple[Word, ...]:
    words: list[Word] = []
    for text in texts:
        if text == "--":
            break
        name, equals, value = _without_apostrophes(text).partition("=")
        if name:
            words.append(Word(name, _without_apostrophes(value) if equals else None))
    return tuple(words)


def _split(command_line: str) -> tuple[list[str], str]:
    """Return the words, and the rest from where a word begins whose quote is never closed."""
    words: list[str] = []
    current: list[str] = []
    started = outer = inner = False
    position = begin = 0
    while position < len(command_line):
        character = command_line[position]
        following = command_line[position + 1 : position + 2]
        position += 1
        if character == "\\" and following in ('"', "'", "\\"):
            position += 1
            started = True
            if following != '"':
                current.append(following)
            elif not outer:
                inner = not inner
        elif character == '"':
            outer, started = not outer, True
        elif character.isspace() and not outer and not inner:
            if started:
                words.append("".join(current))
            current, started, begin = [], False, position
        else:
            current.append(character)
            started = True
    if outer or inner:
        return words, command_line[begin:]
    if started:
        words.append("".join(current))
    return words, ""


def _without_apostrophes(text: str) -> str:
    """pxelinux and iPXE pass on the apostrophes that GRUB would have eaten."""
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1]
    return text
