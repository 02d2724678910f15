"""The first generation on a Config partition that is not this system's own."""

from pathlib import Path

from node_tui.plan.machine import FirstGeneration
from node_tui.system.mounts import TARGET, Mounts
from persist.errors import StepError
from persist.store import newest_generation, save_generation
from persist.translation import _

ACCESS = "nodev,nosuid,noexec"


class TargetConfig:
    """The config store of ``node_tui.plan.machine``; mounts Config only while it is used."""

    def __init__(self, mounts: Mounts | None = None) -> None:
        self._mounts = mounts or Mounts(TARGET)

    def save(self, device: Path, first: FirstGeneration) -> int:
        """Save ``first`` for slot A; durable when this returns."""
        meta = {"made_by": "install", "version": first.version}
        with self._mounts.mounted(device, "ext4", f"rw,{ACCESS}") as place:
            return save_generation(place, "A", first.node_toml.reveal(), (), meta)

    def load(self, device: Path) -> tuple[int, str]:
        """Return number and text of the newest generation of slot A that verifies.

        Mounted anew, so that the bytes come from the disk.
        """
        with self._mounts.mounted(device, "ext4", f"ro,{ACCESS}") as place:
            generation = newest_generation(place, "A")
        if generation is None:
            raise StepError(
                _("{device} holds no generation that verifies").format(device=device),
                _("The disk does not keep what is written: look at its health."),
            )
        return generation.number, generation.node_toml
