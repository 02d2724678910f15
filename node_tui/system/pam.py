"""Passwords and groups of this machine: libpam through ctypes, service ``node``."""

import ctypes
import grp
import os
import pwd
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_size_t, c_void_p, cast
from functools import cache
from pathlib import Path

from persist.errors import DependencyError
from persist.translation import _
from plugins.api.access import ROLES, Role

SERVICE = "node"
SUCCESS = 0
BUFFER_ERROR = 5
PROMPT_ECHO_OFF = 1
SILENT = 0x8000


class _Message(Structure):
    _fields_ = (("style", c_int), ("text", c_char_p))


class _Response(Structure):
    # The text is c_void_p and not c_char_p: libpam frees it, so Python must not convert it.
    _fields_ = (("text", c_void_p), ("code", c_int))


_CONVERSATION = CFUNCTYPE(
    c_int, c_int, POINTER(POINTER(_Message)), POINTER(POINTER(_Response)), c_void_p
)


class _Conversation(Structure):
    _fields_ = (("ask", _CONVERSATION), ("data", c_void_p))


class Pam:
    """Checks passwords as login does. ``folder`` replaces /etc/pam.d, for tests."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def check(self, user: str, password: str) -> bool:
        """Say whether this is the password of ``user`` and the account is open."""
        if "\0" in user or "\0" in password:
            return False
        pam, libc = _libraries()
        answer = password.encode()

        def ask(count: int, messages: object, responses: object, _data: object) -> int:
            return _converse(libc, answer, count, messages, responses)

        conversation = _Conversation(_CONVERSATION(ask), None)
        handle = c_void_p()
        folder = None if self._folder is None else os.fsencode(self._folder)
        result = pam.pam_start_confdir(
            SERVICE.encode(), user.encode(), byref(conversation), folder, byref(handle)
        )
        if result != SUCCESS:
            raise DependencyError(
                "pam",
                _("PAM does not know the service {name}").format(name=SERVICE),
                _("The image is incomplete: /etc/pam.d/{name} is missing.").format(name=SERVICE),
            )
        try:
            result = pam.pam_authenticate(handle, SILENT)
            if result == SUCCESS:
                result = pam.pam_acct_mgmt(handle, SILENT)
        finally:
            pam.pam_end(handle, result)
        return bool(result == SUCCESS)

    def role_of(self, user: str) -> Role | None:
        """Return the highest role the user's groups give, None when they give none."""
        try:
            entry = pwd.getpwnam(user)
        except (KeyError, ValueError):
            return None
        groups = {_group_name(number) for number in os.getgrouplist(user, entry.pw_gid)}
        roles = [role for role in ROLES if f"node-{role}" in groups]
        return roles[-1] if roles else None


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return ""


@cache
def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    try:
        pam = ctypes.CDLL("libpam.so.0")
    except OSError as error:
        raise DependencyError("libpam", _("libpam is not part of this image")) from error
    libc = ctypes.CDLL("libc.so.6")
    libc.calloc.restype = c_void_p
    libc.calloc.argtypes = (c_size_t, c_size_t)
    libc.strdup.restype = c_void_p
    libc.strdup.argtypes = (c_char_p,)
    return pam, libc


def _converse(
    libc: ctypes.CDLL, answer: bytes, count: int, messages: object, responses: object
) -> int:
    """Answer each hidden prompt with the password and everything else with nothing.

    The array and its texts come from malloc because libpam frees them.
    """
    array = libc.calloc(count, ctypes.sizeof(_Response))
    if not array:
        return BUFFER_ERROR
    given = cast(array, POINTER(_Response))
    asked = cast(messages, POINTER(POINTER(_Message)))  # type: ignore[arg-type]
    for number in range(count):
        hidden = asked[number].contents.style == PROMPT_ECHO_OFF
        given[number].text = libc.strdup(answer if hidden else b"")
    cast(responses, POINTER(POINTER(_Response)))[0] = given  # type: ignore[arg-type]
    return SUCCESS
