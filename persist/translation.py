"""Words that users see, in their language (gettext, domain ``node``)."""

import gettext
import os
from functools import cache
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"
LANGUAGES = ("en", "zh_CN")


@cache
def _translations(language: str) -> gettext.NullTranslations:
    return gettext.translation("node", LOCALE_DIR, [language], fallback=True)


def current_language() -> str:
    """Return the language users asked for: NODE_LANG, else the locale's, else English."""
    asked = (
        os.environ.get("NODE_LANG") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    )
    code = asked.split(".")[0]
    return code if code in LANGUAGES else "en"


def _(text: str) -> str:
    """Return ``text`` in the current language; untranslated text comes back as it is."""
    return _translations(current_language()).gettext(text)
