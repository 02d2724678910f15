"""Runs functions of the initramfs' shell files natively, with stubs found first in PATH."""

import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
DRACUT = SOURCE / "image/dracut"
BASE = DRACUT / "99node/lib"
NET = DRACUT / "99node-net/lib"


class Initramfs:
    """A folder that stands for the initramfs: its command line, /run, /dev, /sys and programs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("run", "dev", "sys", "bin", "sysroot"):
            (folder / name).mkdir()
        self.command_line("")
        (folder / "consoles").write_text("")

    def command_line(self, words: str) -> None:
        """Set what /proc/cmdline holds."""
        (self.folder / "cmdline").write_text(f"{words}\n")

    def stub(self, name: str, script: str) -> None:
        """Put a program first into PATH."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, script: str, *sources: Path) -> subprocess.CompletedProcess[str]:
        """Run ``script`` after words.sh and ``sources``, under the shell of the initramfs."""
        folder = self.folder
        environment = os.environ | {
            "PATH": f"{folder}/bin:{os.environ['PATH']}",
            "RUN": f"{folder}/run",
            "DEV": f"{folder}/dev",
            "PROC_CMDLINE": f"{folder}/cmdline",
            "CONSOLES": f"{folder}/consoles",
            "SYS_BLOCK": f"{folder}/sys",
            "NETWORKS": f"{folder}/networks",
            "WAIT_ONLINE": "false",
            "SYSROOT": f"{folder}/sysroot",
            "NODE_INITRAMFS": str(NET),
        }
        lines = [f". {path}" for path in (BASE / "words.sh", *sources)]
        return subprocess.run(
            ["dash", "-u", "-c", "\n".join([*lines, script])],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    @property
    def failure(self) -> list[str]:
        """The two lines that the console would show."""
        path = self.folder / "run/failure"
        return path.read_text().splitlines() if path.exists() else []
