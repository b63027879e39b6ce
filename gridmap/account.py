"""The account as which the embedded database runs: the person's own, but never root."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from geodata.messages import Message
from gridmap.errors import UnavailableError

#: The account as which the server runs when the person is root. Debian's packages always make
#: it, so that nothing needs to be added to the machine's list of accounts.
ACCOUNT = "postgres"


class EmbeddedError(UnavailableError):
    """The embedded cluster cannot be used as asked, and the message says what to do."""


@dataclass(frozen=True)
class Account:
    """An account that runs programs.

    Attributes
    ----------
    uid, gid : int
    other : bool
        Whether it is not the person's own.
    """

    uid: int
    gid: int
    other: bool = False

    @classmethod
    def present(cls) -> Account:
        """Return the person's account, or for root the one that runs the server.

        Raises
        ------
        EmbeddedError
            If the person is root on a machine without that account.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        try:
            found = pwd.getpwnam(ACCOUNT)
        except KeyError:
            raise EmbeddedError(
                Message(
                    "the account {account}, as which the database runs, does not exist: "
                    "install the package postgresql-postgis",
                    account=ACCOUNT,
                )
            ) from None
        return cls(found.pw_uid, found.pw_gid, other=True)

    def check_reach(self, directory: Path) -> None:
        """Refuse a folder below one that the account may not enter.

        Raises
        ------
        EmbeddedError
            Naming the folder that is closed to it.
        """
        if not self.other:
            return
        for folder in reversed(directory.parents):
            if self.run(Path("/"), "/usr/bin/test", "-x", str(folder))[0] != 0:
                raise EmbeddedError(
                    Message(
                        "under root the database runs as the account {account}, which may not "
                        "enter {folder}: name a folder it can reach in GRIDMAP_DATA_DIR, such as "
                        "/var/lib/gridmap",
                        account=ACCOUNT,
                        folder=str(folder),
                    )
                )

    def run(self, folder: Path, *command: str) -> tuple[int, str]:
        """Run a program in a folder; return its exit code and what it said."""
        # A file, not a pipe, takes what it says: a server that it starts would hold a pipe
        # open for ever. A session of its own keeps Ctrl-C in a user's terminal from it.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                command,
                cwd=folder,
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                check=False,
                user=self.uid if self.other else None,
                group=self.gid if self.other else None,
                extra_groups=[] if self.other else None,
            )
            said.seek(0)
            return done.returncode, said.read().decode(errors="replace").strip()
