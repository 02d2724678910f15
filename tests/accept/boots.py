"""The issue "boots": a node that boots, from recipe to console."""

from tests.accept.runner import Acceptance, Line

UEFI = "tests/boot/test_install_uefi.py"
BIOS = "tests/boot/test_install_bios.py"
LIVE = "tests/boot/test_live_bios.py"
IMAGE = "tests/container/test_image.py"
SERVICES = "tests/container/test_services.py"
REFUSALS = ("tests/boot/test_wrong_disk.py", "tests/boot/test_refusals.py")
AGAIN = "tests/boot/test_install_again.py"
RESCUE = "tests/boot/test_rescue.py"
MEDIA = "tests/boot/test_live_media.py"
INITRAMFS = "tests/boot/test_initramfs.py"
FRESH = "tests/accept/fresh/in_debian.py"
BUDGETS = "tests/boot/test_budgets.py"

PARTS = (
    Line(
        name="part-1",
        text="The house: layers, sizes, names, types, packaging.",
        tests=("tests/architecture",),
        broken=(
            "render.py importing subprocess: "
            "test_house.py::test_only_two_modules_start_processes failed"
        ),
    ),
    Line(
        name="part-2",
        text="Recipes: layers, errors with file and line, unknown packages.",
        tests=("tests/kickstart/test_recipe.py",),
        broken=(
            "recipe.py without the conflict check: "
            "test_recipe.py::test_recipe_means_what_its_golden_file_says[conflict] failed"
        ),
    ),
    Line(
        name="part-3",
        text="Builder: steps, fixed ids, allow lists, sealed, signed.",
        tests=("tests/image", IMAGE),
        broken=(
            "check_accounts letting strays pass: "
            "test_accounts.py::test_a_moved_account_breaks_the_build failed"
        ),
    ),
    Line(
        name="part-4",
        text="Live boot: ISO, stick, HTTP, installed slot; overlay; restore before switch-root.",
        tests=(
            LIVE, MEDIA, INITRAMFS, "tests/persist", "tests/node_tui/test_render.py",
            "tests/node_tui/test_restore.py",
        ),
        broken=(
            "generation.py without the digest: "
            "test_line.py::test_one_changed_byte_is_noticed_and_the_previous_counts failed; "
            "restore.py without the net around reading: "
            "test_restore.py::test_a_fault_of_our_own_still_renders_the_defaults failed"
        ),
    ),
    Line(
        name="part-5",
        text="Unattended install; refused before the first write, with the reason.",
        tests=(
            *REFUSALS, AGAIN, "tests/node_tui/plan", "tests/node_tui/test_apply.py",
            "tests/kickstart/test_arguments.py", "tests/container/test_install_disk.py",
        ),
        broken=(
            "apply.py without the verification: "
            "test_apply.py::test_each_step_is_applied_then_verified failed"
        ),
    ),
    Line(
        name="part-6",
        text="The installed node: slot A good after health, services, engine, a confined guest.",
        tests=(UEFI, SERVICES, "tests/node_tui/engine", "tests/node_tui/cli"),
        broken=(
            "the API without the check of roles: "
            "test_roles.py::test_a_refused_caller_touches_nothing failed"
        ),
    ),
    Line(
        name="part-7",
        text="Console: status page on tty1 and on serial after a key, login, menu.",
        tests=("tests/node_tui/ui", UEFI, LIVE),
        broken=(
            "the login showing what is typed: "
            "test_lockdown.py::test_the_password_is_never_on_the_screen failed"
        ),
    ),
    Line(
        name="part-8",
        text="Boot tests: the harness, the boot state script on the real GRUB, the container tier.",
        tests=(
            "tests/boot/test_harness.py", "tests/boot/test_boot_state.py",
            "tests/boot/test_boot_state_script.py", SERVICES,
        ),
        broken=(
            "expect searching from the beginning again: "
            "test_harness.py::test_expect_searches_forward failed"
        ),
    ),
    Line(
        name="part-9",
        text="Measures: ./dev bench image boot.",
        tests=("tests/bench", BUDGETS),
        broken=(
            "report keeping an empty list: test_figures.py::test_figures_are_printed_and_kept "
            "failed"
        ),
    ),
)  # fmt: skip

WORKS = (
    Line(
        name="works-1",
        text="On fresh Debian 12 and 13: ./dev run shows the console, ./dev test passes.",
        tests=(FRESH,),
        broken=(
            "mmdebstrap forgotten in dev's BUILD_PACKAGES: "
            "in_debian.py::test_dev_run_ends_with_the_console[bookworm] failed"
        ),
    ),
    Line(
        name="works-2",
        text="Installs without a question, comes back; BIOS and UEFI with Secure Boot; SSH by key.",
        tests=(UEFI, BIOS),
        broken=(
            "install-unattended holding the serial line open while a getty starts: "
            "test_install_uefi.py::test_the_installation_told_its_steps failed; with the user "
            "manager of systemd left in: test_install_uefi.py::test_nothing_failed failed"
        ),
    ),
    Line(
        name="works-3",
        text="Slot A made unreadable: the rescue console and never a prompt.",
        tests=(RESCUE,),
        broken=(
            "the disk without /node/rescue: "
            "test_rescue.py::test_an_unreadable_slot_leads_to_the_rescue_console[bios] failed"
        ),
    ),
    Line(
        name="works-4",
        text="Ambiguous selector, foreign data, power cut: nothing lost, the console says why.",
        tests=(*REFUSALS, AGAIN, "tests/node_tui/plan"),
        broken=(
            "disks.py taking the first of several: test_disks.py::test_refusal[several] "
            "failed; without the check of foreign data: test_disks.py::test_refusal[foreign] "
            "failed"
        ),
    ),
    Line(
        name="works-5",
        text="ISO at most 190 MB, fixed partitions 1 GiB, idle memory 300 MB; driver families.",
        tests=(
            BUDGETS,
            f"{UEFI}::test_fixed_partitions_fit_in_a_gibibyte",
            IMAGE,
            "tests/image/test_modules.py",
            "tests/image/test_papers.py",
        ),
        broken=(
            "check_size without its limit: "
            "test_papers.py::test_the_size_check_warns_then_breaks_naming_the_largest failed; "
            "megaraid off the list: "
            "test_modules.py::test_the_promised_driver_families_are_on_the_list failed"
        ),
    ),
    Line(
        name="works-6",
        text="Nothing failed live and installed, no error of ours, ELF and Python load, libvirt.",
        tests=(UEFI, LIVE, IMAGE, SERVICES, "tests/image/test_elf.py"),
        broken=(
            "elf.py taking every library as found: "
            "test_elf.py::test_a_missing_library_is_found failed"
        ),
    ),
    Line(
        name="works-7",
        text="Two builds are the same bytes; a PKCS#11 key signs.",
        tests=("tests/image",),
        broken=(
            "shadow keeping the day of the build: "
            "test_accounts.py::test_shadow_tells_nothing_of_the_day_of_the_build failed"
        ),
    ),
    Line(
        name="works-8",
        text="./dev check is clean; unit tier under 90 s; short boot suite under 20 minutes.",
        tests=("tests/architecture",),
        broken="a wrong annotation in accounts.py: test_house.py::test_types failed",
    ),
    Line(
        name="works-9",
        text="README has a real screenshot of the console, made by a command.",
        tests=("tests/boot/test_screenshot.py",),
        broken="README naming another file: test_the_readme_shows_the_picture failed",
    ),
)

ACCEPTANCE = Acceptance(
    name="boots",
    lines=PARTS + WORKS,
    versions=(("qemu-system-x86_64", "--version"), ("systemd-nspawn", "--version")),
)
