"""The accounts of a node: the image's lines, with what the config says about ``admin``. Pure."""

from persist.model import Security

ADMIN = "admin"
# No hash can equal it: the account exists, a key may open it, a password never does.
NO_PASSWORD = "*"  # noqa: S105
LOCKED = "!*"
_HASH, _CHANGED = 1, 2


def merge_shadow(shadow: str, security: Security) -> str:
    """Return the image's ``/etc/shadow`` with the password of admin, and root locked.

    System accounts come from the image line by line, so that one which a newer image adds is there.
    """
    lines = (_merge_line(line, security) for line in shadow.splitlines())
    return "".join(f"{line}\n" for line in lines)


def _merge_line(line: str, security: Security) -> str:
    fields = line.split(":")
    if len(fields) != 9:
        return line
    if fields[0] == "root":
        fields[_HASH] = LOCKED
    elif fields[0] == ADMIN:
        password = security.admin_password
        fields[_HASH] = password.reveal() if password is not None else NO_PASSWORD
        if security.expire_admin_password:
            # shadow(5): 0 means that the password must be changed at the next login.
            fields[_CHANGED] = "0"
    return ":".join(fields)
