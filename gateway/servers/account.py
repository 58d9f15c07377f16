"""The unprivileged account PostgreSQL runs as, since it refuses to run as root."""

import os
import pwd
import shutil
import signal
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PREFERRED = ("postgres", "nobody")

# A data directory or virtualenv under /root (0700) is out of reach of any other account. Of root's
# powers the server keeps, only when it must, the one to pass such directories. PostgreSQL looks at
# its own files with access(2), which by default disregards the powers of whoever is not root;
# no_setuid_fixup makes it regard them.
_PASS_CLOSED_DIRECTORIES = (
    "--securebits=+no_setuid_fixup",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=-all,+dac_override",
)


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


def server_account(cluster: Path) -> Account:
    """The account for a database cluster: our own or, if we are root, an unprivileged one.

    An existing cluster keeps its owner, so that running as root once, or creating a `postgres`
    account later, never calls for changing the owner of every file in it.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in _PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise RuntimeError(
        f"PostgreSQL refuses to run as root and none of the accounts {_PREFERRED} exists: "
        "create one, run the gateway as an ordinary user, or name an external server"
    )


def run_as(
    account: Account, on_parent_death: signal.Signals, reaching: Iterable[Path]
) -> list[str]:
    """The command prefix that runs a program as `account`, able to reach the given directories.

    Changing user clears the parent-death signal, so setpriv is asked to set it anew.
    """
    if account.uid == os.geteuid():
        return []
    setpriv = shutil.which("setpriv") or shutil.which("setpriv", path=os.defpath)
    if setpriv is None:
        raise RuntimeError(
            "PostgreSQL refuses to run as root and there is no setpriv (util-linux) to change user "
            "with: install it, run the gateway as an ordinary user, or name an external server"
        )
    return [
        setpriv,
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
        "--no-new-privs",
        f"--pdeathsig={on_parent_death.name.removeprefix('SIG')}",
        *([] if all(map(_open_to_all, reaching)) else _PASS_CLOSED_DIRECTORIES),
    ]


def _open_to_all(directory: Path) -> bool:
    steps = (directory, *directory.parents)
    return all(step.stat().st_mode & stat.S_IXOTH for step in steps)
