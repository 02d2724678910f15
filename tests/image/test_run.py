"""``./dev run``: the machine it starts and the errors it gives."""

from pathlib import Path

import pytest

from image import run


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "disk.qcow2").touch()
    monkeypatch.setattr(run, "DIST", tmp_path)
    return tmp_path


def test_without_an_iso_it_says_how_to_build_one(
    dist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main([]) == 1
    assert capsys.readouterr().err == f"{dist}/node.iso is missing\nBuild it with: ./dev image\n"


def test_kernel_arguments_travel_as_an_oem_string_with_commas_doubled(dist: Path) -> None:
    (dist / "node.iso").touch()
    arguments = run.prepare_machine(run.parse_arguments(["--append", "ntp=192.0.2.1,192.0.2.2"]))
    assert "type=11,value=node.args:ntp=192.0.2.1,,192.0.2.2" in arguments


def test_uefi_boots_with_secure_boot_and_keeps_its_variables(
    dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dist / "node.iso").touch()
    (dist / "OVMF_VARS_4M.ms.fd").write_bytes(b"variables")
    monkeypatch.setattr(run, "FIRMWARE", dist)
    arguments = " ".join(run.prepare_machine(run.parse_arguments(["--uefi"])))
    assert "OVMF_CODE_4M.secboot.fd" in arguments
    assert (dist / "run" / "uefi-variables.fd").read_bytes() == b"variables"


def test_a_disk_of_an_earlier_run_is_kept(dist: Path) -> None:
    (dist / "node.iso").touch()
    (dist / "run" / "disk.qcow2").write_bytes(b"an installed node")
    run.prepare_machine(run.parse_arguments([]))
    assert (dist / "run" / "disk.qcow2").read_bytes() == b"an installed node"
