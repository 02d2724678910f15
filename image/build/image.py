"""Building an image, from a recipe to the files of ``dist/``."""

from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

from image.build import (
    apparmor,
    base,
    bootloader,
    bundle,
    initramfs,
    iso,
    keys,
    node_files,
    output,
    packages,
    pxe,
    seal,
    slim,
    space,
    squashfs,
    tools,
    wheels,
)
from image.build.cache import (
    cache_root,
    cached_folder,
    input_hash,
    one_build,
    remove_tree,
    tree_hash,
)
from image.build.inventory import debian_packages, make_manifest, wheel_packages
from image.build.keys import Keys
from image.build.lock import read_lock
from image.build.modules import kernel_version
from image.build.progress import Progress
from image.build.version import Origin, origin
from image.distro.mirror import host_mirror
from image.manifest import PLACE, Manifest, decode_manifest, encode_manifest
from kickstart.recipe import Recipe, load_recipe

STEPS = 11


@dataclass(frozen=True)
class Request:
    """What is asked of a build. Sizes are bytes; ``key`` and ``certificate`` are files or PKCS#11
    URIs, both or none; ``keys_folder`` is where development keys live; packages of an earlier build
    are taken again when they are at most ``packages_age`` days old."""

    recipe: Path
    out: Path
    keys_folder: Path
    version: str | None = None
    key: str | None = None
    certificate: str | None = None
    keyring: Path | None = None
    size_budget: int | None = None
    lock: Path | None = None
    packages_age: int = packages.MAX_AGE


@dataclass(frozen=True)
class Built:
    """What was built: the sealed tree, its squashfs, and what they are made of."""

    rootfs: Path
    root_img: Path
    manifest: Manifest
    seconds: dict[str, float] = field(default_factory=dict)


def build_image(request: Request, progress: Progress) -> Built:
    """Build everything of ``dist/`` and return what the tests look at."""
    with one_build():
        space.check_space(cache_root(), request.out)
        return _build(request, progress)


def _build(request: Request, progress: Progress) -> Built:
    recipe = load_recipe(request.recipe)
    made = origin(request.version)
    mirror = host_mirror()
    lock = read_lock(request.lock)
    locked = lock.source is not None
    taken = packages.taken(request.packages_age, mirror, locked=locked, warn=progress.warn)
    with progress.step(tools.STEP, "build tools of the target's release"):
        tools_tree = tools.tools_tree(recipe, mirror, lock.tools, taken)
    with progress.step(keys.STEP, "keys"):
        signing = choose_keys(request, tools_tree)
    with progress.step(base.STEP, "packages and %post scripts"):
        base_tree = base.base_tree(recipe, mirror, tools_tree, lock.image, taken)
        lock.check(tools_tree, base_tree)
        packages.remember(taken)
    with progress.step(wheels.STEP, "pure Python wheels"):
        wheels_tree = wheels.wheels_tree()
    with progress.step(slim.STEP, "modules, firmware and files that stay"):
        slim_tree = slim.slim_tree(base_tree, tools_tree, recipe.without_modules)
    with progress.step(initramfs.STEP, "kernel and initramfs"):
        boot = initramfs.boot_folder(slim_tree, tools_tree, signing)
    trees = Trees(tools_tree, base_tree, slim_tree, wheels_tree, boot)
    with progress.step(node_files.STEP, "the node's own files; sealed"):
        rootfs = sealed_tree(trees, recipe, made, signing)
    with progress.step(squashfs.STEP, "root.img"):
        root_img = squashed(rootfs, tools_tree, made)
    manifest = decode_manifest((rootfs / PLACE.relative_to("/")).read_bytes())
    return finish(request, Built(rootfs, root_img, manifest), trees, signing, progress)


@dataclass(frozen=True)
class Trees:
    """The cached trees that an image is put together from."""

    tools: Path
    base: Path
    slim: Path
    wheels: Path
    boot: Path


def choose_keys(request: Request, tools_tree: Path) -> Keys:
    """Return the asked keys, or the development keys."""
    if request.key and request.certificate:
        return keys.given_keys(request.key, request.certificate, request.keyring)
    return keys.development_keys(request.keys_folder, tools_tree)


def sealed_tree(trees: Trees, recipe: Recipe, made: Origin, signing: Keys) -> Path:
    """Return the finished tree of the image, made once for all that goes into it."""
    inputs = [path.name for path in astuple(trees)]
    sources = tree_hash(node_files.source_paths())
    # Scripts are in the tree of packages already; where things were written changes no image.
    wishes = astuple(replace(recipe, origins={}, scripts=()))
    key = input_hash(inputs, wishes, astuple(made), signing.kind, signing.fingerprint(), sources)

    def make(tree: Path) -> None:
        slim.copy_tree(trees.slim, tree, node_files.STEP)
        node_files.add_node_files(tree, recipe, made, tools=trees.tools, wheels=trees.wheels)
        node_files.add_keyring(tree, signing)
        initramfs.place_boot(trees.boot, tree)
        bootloader.build_boot_files(trees.tools, tree)
        seal.seal(tree, trees.base, recipe.build_only)
        apparmor.compile_profiles(tree)
        packages = debian_packages(trees.base, tree) + wheel_packages(trees.wheels)
        manifest = make_manifest(recipe, made, signing, kernel_version(tree), packages)
        (tree / PLACE.relative_to("/")).write_bytes(encode_manifest(manifest))
        seal.check_sealed(tree)

    return cached_folder("rootfs", key, make)


def squashed(rootfs: Path, tools_tree: Path, made: Origin) -> Path:
    """Return the squashfs of ``rootfs``, made once for it."""

    def make(folder: Path) -> None:
        squashfs.build_squashfs(rootfs, tools_tree, folder / bundle.IMAGE, made.epoch)

    key = input_hash(rootfs.name, squashfs.OPTIONS)
    return cached_folder("squashfs", key, make) / bundle.IMAGE


def signed(built: Built, tools_tree: Path, signing: Keys) -> Path:
    """Return the bundle of an image: made once for a development key, else signed at each build.

    RAUC salts each bundle anew, so that another one is another medium for whoever keeps machines.
    """

    def make(folder: Path) -> None:
        folder.mkdir()
        version, epoch = built.manifest.version, built.manifest.epoch
        bundle.build_bundle(
            tools_tree, built.root_img, signing, folder / bundle.NAME, version, epoch
        )

    image, form = built.root_img.parent.name, (bundle.MANIFEST, bundle.MKSQUASHFS)
    key = input_hash(image, tools_tree.name, built.manifest.version, signing.fingerprint(), form)
    if signing.kind != "development":
        remove_tree(cache_root() / bundle.STEP / key)
    return cached_folder(bundle.STEP, key, make) / bundle.NAME


def finish(
    request: Request, built: Built, trees: Trees, signing: Keys, progress: Progress
) -> Built:
    """Write ``dist/``: bundle, ISO, PXE directory, manifest, SBOM, lock and checksums."""
    out, version = request.out, built.manifest.version
    out.mkdir(parents=True, exist_ok=True)
    bundle_file = out / f"node-{version}.raucb"
    with progress.step(bundle.STEP, "signed bundle"):
        bootloader.link_or_copy(signed(built, trees.tools, signing), bundle_file)
    with progress.step(iso.STEP, "hybrid ISO"):
        iso_file = iso.build_iso(trees.tools, bundle_file, out / f"node-{version}.iso", version)
    with progress.step("output", "PXE directory, manifest, SBOM, checksums"):
        pxe.build_pxe(trees.tools, built.rootfs, bundle_file, out / "pxe")
        output.write_papers(out, built.manifest, trees.tools, trees.base)
        budget = output.budget_of(load_recipe(request.recipe), request.size_budget)
        output.check_size(iso_file, budget, built.manifest, progress)
        output.link_newest(out, iso_file, bundle_file)
        output.remember(built.manifest.variant, built.rootfs, built.root_img)
        output.write_checksums(out, version)
        output.forget_old_builds(out, version)
    return Built(built.rootfs, built.root_img, built.manifest, progress.seconds)
