# shellcheck shell=sh
# shellcheck disable=SC2013,SC2015,SC2154 # words split on purpose; variables are shared between the parts of node-root
# Where the image comes from: a slot of an installed disk, a bundle on a medium, a bundle behind a URL.
# Sets: source_text, slot, bundle, medium_device; leaves the squashfs of the root mounted on $RUN/lower.

SYS_BLOCK=${SYS_BLOCK:-/sys/class/block}
slot=
bundle=
medium_device=
source_text=

# open_source: decides by the arguments. Exactly one of root= and node.bundle= must be there.
open_source() {
    mkdir -p "$RUN/lower"
    # The loop driver makes no device that udev could see before it is loaded.
    modprobe -a loop squashfs overlay 2>/dev/null || :
    if source_text=$(argument node.bundle); then
        open_bundle_source "$source_text"
    elif source_text=$(argument root); then
        open_slot "$source_text"
    else
        fail "The kernel command line has neither root=PARTUUID= nor node.bundle=." \
            "Add node.bundle=LABEL=NODE:/node.raucb (medium) or node.bundle=http://SERVER/node.raucb."
    fi
}

open_slot() { # ROOT, PARTUUID=...
    case $1 in
        PARTUUID=?*) ;;
        *) fail "root=$1 is not of the form root=PARTUUID=UUID." \
            "Boot through the disk's own boot loader, or give node.bundle= for a live boot." ;;
    esac
    slot=$(argument rauc.slot) || slot=
    case $slot in
        A | B) ;;
        *) fail "rauc.slot=$slot is neither A nor B." \
            "Boot through the disk's own boot loader; it passes root= and rauc.slot= together." ;;
    esac
    slot_uuid=$(printf '%s' "${1#PARTUUID=}" | tr 'A-F' 'a-f')
    slot_device=$DEV/disk/by-partuuid/$slot_uuid
    wait_for "$slot_device" "the disk with partition $slot_uuid" ||
        fail "No disk has the partition $slot_uuid (slot $slot)." \
            "Check that the system disk is connected and shown by the firmware."
    refuse_twins "$slot_uuid"
    mount -t squashfs -o ro,nodev "$slot_device" "$RUN/lower" ||
        fail "Slot $slot ($slot_device) holds no readable image." \
            "The boot loader tries the other slot; otherwise reinstall keeping data from a medium."
}

# partitions_with UUID: prints "NAME IDENTITY" for every partition that bears this PARTUUID. The identity is
# the disk's (two paths of one LUN share it); a disk that tells none is told apart by its name.
# From udev's database, which costs no reading: a dead path would hang here.
partitions_with() {
    partition_name=
    partition_uuid=
    partition_identity=
    udevadm info --export-db | while IFS= read -r partition_line; do
        case $partition_line in
            'N: '*) partition_name=${partition_line#N: } ;;
            'E: ID_PART_ENTRY_UUID='*) partition_uuid=${partition_line#*=} ;;
            'E: ID_WWN_WITH_EXTENSION='*) partition_identity=${partition_line#*=} ;;
            'E: ID_SERIAL='*) partition_identity=${partition_identity:-${partition_line#*=}} ;;
            '')
                [ "$partition_uuid" != "$1" ] ||
                    printf '%s %s\n' "$partition_name" "${partition_identity:-$partition_name}"
                partition_name=
                partition_uuid=
                partition_identity=
                ;;
        esac
    done
}

# refuse_twins UUID: a cloned disk beside the original: which one is ours cannot be known.
# Records the disk for the udev rule, so that a clone plugged in later changes nothing either.
refuse_twins() {
    SYSTEMD_LOG_LEVEL=crit udevadm settle --timeout=10 || :
    twins=$(partitions_with "$1")
    [ "$(printf '%s\n' "$twins" | sed 's/^[^ ]* //' | sort -u | wc -l)" -le 1 ] ||
        fail "Several disks carry the same partition $1: $(printf '%s\n' "$twins" | sed 's/ .*//' | tr '\n' ' ')" \
            "Nothing was written. Disconnect the copy of the system disk and start again."
    slot_partition=$(readlink -f "$slot_device")
    slot_partition=$SYS_BLOCK/${slot_partition##*/}
    # The other way round a bad slot would be marked good, and siblings of a foreign disk taken for ours.
    case $slot:$(cat "$slot_partition/partition") in
        A:3 | B:4) ;;
        *) fail "root=PARTUUID=$1 is not the partition of slot $slot." \
            "Boot through the disk's own boot loader; it passes root= and rauc.slot= together." ;;
    esac
    slot_disk=$(readlink -f "$slot_partition/..")
    printf '%s\n' "${slot_disk##*/}" >"$RUN/boot-disk"
}

open_bundle_source() { # SOURCE, LABEL=X:/path or http(s)://...
    case $1 in
        LABEL=?*:/?*) open_medium "$1" ;;
        http://?* | https://?*)
            [ -r /usr/lib/node/initramfs/fetch.sh ] ||
                fail "node.bundle=$1 needs the network, and this initrd has no network segment." \
                    "Load the initrd of the pxe/ directory instead of the one of the ISO."
            # shellcheck source=image/dracut/99node-net/lib/fetch.sh
            . /usr/lib/node/initramfs/fetch.sh
            open_url "$1"
            ;;
        *) fail "node.bundle=$1 is neither LABEL=NAME:/PATH nor an http(s) URL." \
            "For the installation medium write node.bundle=LABEL=NODE:/node.raucb." ;;
    esac
}

open_medium() { # LABEL=X:/path
    medium_label=${1#LABEL=}
    medium_label=${medium_label%%:*}
    medium_path=${1#*:}
    medium_link=$DEV/disk/by-label/$medium_label
    wait_for "$medium_link" "a medium labelled $medium_label" ||
        fail "No medium is labelled $medium_label." \
            "Check that the CD, virtual CD or USB stick with the image is still connected."
    medium_device=$(readlink -f "$medium_link")
    mkdir -p "$RUN/medium"
    mount -o ro,nosuid,nodev,noexec "$medium_device" "$RUN/medium" ||
        fail "The medium $medium_device ($medium_label) cannot be read." \
            "Write or burn the medium again and compare it with SHA256SUMS."
    [ -f "$RUN/medium$medium_path" ] ||
        fail "The medium $medium_device ($medium_label) has no file $medium_path." \
            "Correct the path in node.bundle=, or write the medium again."
    bundle=$RUN/node.raucb
    ln -sfn "$RUN/medium$medium_path" "$bundle"
    mkdir -p "$RUN/bundle"
    # A bundle starts with its squashfs; hash tree and signature follow it.
    mount -t squashfs -o ro,nosuid,nodev,loop "$RUN/medium$medium_path" "$RUN/bundle" ||
        fail "The bundle $medium_path on $medium_device is damaged." \
            "Write the medium again and compare it with SHA256SUMS."
    open_payload
}

# open_payload: the root image inside the mounted bundle.
open_payload() {
    mount -t squashfs -o ro,nodev,loop "$RUN/bundle/root.img" "$RUN/lower" ||
        fail "The bundle of $source_text holds no readable root.img." \
            "Fetch the bundle again and compare it with SHA256SUMS."
}
