"""``node-image``: builds images and looks into them. Parse, build objects, call one function."""

import argparse
import errno
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from image.build import bundle, output
from image.build.cache import cache_root
from image.build.host import UMASK
from image.build.image import STEPS, Request, build_image
from image.build.keys import development_keys
from image.build.packages import MAX_AGE
from image.build.progress import Progress
from image.build.rootless import become_root
from image.build.tools import newest_tools
from kickstart.recipe import MB, variant_recipe
from persist.errors import NodeError, StepError
from persist.translation import _

DIST = Path("dist")
DEFAULT_VARIANT = "hypervisor"
KEYS_FOLDER = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "node-image"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code, which says who must act (persist.errors)."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except NodeError as error:
        sys.stderr.write(f"node-image: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        refusal = _refused(error)
        if refusal is None:
            traceback.print_exc()
            return 1
        sys.stderr.write(f"node-image: {refusal}\n")
        return refusal.exit_code
    except Exception:  # the edge: whatever arrives here is our bug
        traceback.print_exc()
        return 1
    return code


def _refused(error: OSError) -> NodeError | None:
    """Return in words what the filesystem refused; None when that is a fault of this program."""
    hints = {
        errno.ENOSPC: _("make room there and build again; what is finished is not made twice"),
        errno.EROFS: _("name folders that can be written: --out, NODE_IMAGE_CACHE"),
        errno.EACCES: _("it may be left from a build as root: give it to this user, or use --out"),
    }
    hint = hints.get(error.errno or 0)
    place = error.filename or cache_root()
    return StepError(f"{place}: {error.strerror}", hint) if hint else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="node-image", description=_("Build node images."))
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_build(verbs.add_parser("build", help=_("build everything of dist/")))
    info = verbs.add_parser("info", help=_("say what was built last"))
    info.add_argument("--out", type=Path)
    info.add_argument("--rootfs", action="store_true", help=_("print only the unpacked tree"))
    info.set_defaults(run=_info)
    manifest = verbs.add_parser("manifest", help=_("print the manifest of the newest image"))
    manifest.set_defaults(run=_manifest)
    for verb in (info, manifest):
        verb.add_argument("--variant", default=DEFAULT_VARIANT, help=_("hypervisor or minimal"))
    verify = verbs.add_parser("verify", help=_("check a bundle's signature and content"))
    verify.add_argument("bundle", type=Path, nargs="?", default=DIST / "node.raucb")
    verify.add_argument("--keyring", type=Path, help=_("certificates to trust, PEM"))
    verify.set_defaults(run=_verify)
    return parser


def _add_build(build: argparse.ArgumentParser) -> None:
    what = build.add_mutually_exclusive_group()
    what.add_argument("--variant", default=DEFAULT_VARIANT, help=_("hypervisor or minimal"))
    what.add_argument("--recipe", type=Path, help=_("a recipe file of your own"))
    build.add_argument("--version", help=_("MAJOR.MINOR.PATCH instead of the git tag's"))
    build.add_argument("--key", help=_("signing key: PEM file or PKCS#11 URI"))
    build.add_argument("--cert", help=_("its certificate: PEM file or PKCS#11 URI"))
    build.add_argument("--keyring", type=Path, help=_("certificates a node trusts, PEM"))
    build.add_argument("--size-budget", type=int, metavar="MB", help=_("largest ISO allowed"))
    build.add_argument("--lock", type=Path, help=_("package versions of an earlier build"))
    build.add_argument(
        "--packages-age",
        type=int,
        metavar="DAYS",
        default=MAX_AGE,
        help=_("use packages taken at most so many days ago (default: {days})").format(
            days=MAX_AGE
        ),
    )
    build.add_argument(
        "--refresh",
        dest="packages_age",
        action="store_const",
        const=0,
        help=_("take the packages of today, security updates among them"),
    )
    build.add_argument("--out", type=Path, help=_("default: dist, dist/VARIANT for others"))
    build.set_defaults(run=_build)


def _build(arguments: argparse.Namespace) -> int:
    if bool(arguments.key) != bool(arguments.cert):
        raise NodeError(_("--key and --cert belong together"), _("give both, or none"))
    become_root()
    # Modes of files in the image must not follow the umask of whoever builds.
    os.umask(UMASK)
    request = Request(
        recipe=(arguments.recipe or variant_recipe(arguments.variant)).resolve(),
        out=_out(arguments).resolve(),
        keys_folder=KEYS_FOLDER,
        version=arguments.version,
        key=arguments.key,
        certificate=arguments.cert,
        keyring=arguments.keyring,
        size_budget=arguments.size_budget and arguments.size_budget * MB,
        lock=arguments.lock,
        packages_age=arguments.packages_age,
    )
    built = build_image(request, Progress(STEPS))
    iso = request.out / f"node-{built.manifest.version}.iso"
    sys.stdout.write(f"{iso} {iso.stat().st_size / MB:.1f} MB\n")
    if built.manifest.key == "development":
        sys.stderr.write(_("signed with a development key: not for production") + "\n")
    return 0


def _out(arguments: argparse.Namespace) -> Path:
    """Return where artifacts go. Their names bear no variant, so each has a folder of its own."""
    asked: Path | None = arguments.out
    if asked is None and arguments.variant != DEFAULT_VARIANT:
        return DIST / str(arguments.variant)
    return asked or DIST


def _info(arguments: argparse.Namespace) -> int:
    newest = output.newest(arguments.variant)
    if arguments.rootfs:
        sys.stdout.write(f"{newest['rootfs']}\n")
        return 0
    sizes = {
        path.name: path.stat().st_size
        for path in sorted(_out(arguments).glob("node.*"))
        if path.exists()
    }
    sys.stdout.write(json.dumps({**newest, "bytes": sizes}, indent=1) + "\n")
    return 0


def _manifest(arguments: argparse.Namespace) -> int:
    rootfs = Path(output.newest(arguments.variant)["rootfs"])
    sys.stdout.write((rootfs / "usr/lib/node/manifest.json").read_text())
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    become_root()
    tools = newest_tools()
    trusted = arguments.keyring or development_keys(KEYS_FOLDER, tools).trusted
    said = bundle.bundle_info(tools, arguments.bundle.resolve(), trusted.resolve())
    sys.stdout.write(said.decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
