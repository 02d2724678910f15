# shellcheck shell=sh
# shellcheck disable=SC2013,SC2015,SC2154 # words split on purpose; variables are shared between the parts of node-root
# A bundle behind a URL: network up, fetch, verify signature and hash tree, network down.
# Layout of a RAUC verity bundle: squashfs, hash tree, CMS signature with the manifest inside, and the
# signature's size as 8 bytes, big endian (https://rauc.readthedocs.io, reference, bundle formats).

TRUSTED=${TRUSTED:-/usr/lib/node/keys/trusted.pem}
# shellcheck source=image/dracut/99node-net/lib/network.sh
. "${NODE_INITRAMFS:-/usr/lib/node/initramfs}/network.sh"

open_url() { # URL
    fetched=$RUN/fetched
    mkdir -p "$fetched"
    mount -t tmpfs -o size=75%,mode=0700,nosuid,nodev,noexec node-fetched "$fetched" || :
    network_up
    say "Fetching $1 ..."
    fetch "$1" "$fetched/node.raucb" ||
        fail "The bundle $1 could not be fetched: $fetch_reason" \
            "Check the URL, the server, and BOOTIF=, ip=, gateway=, dns= of the boot menu."
    network_down
    bundle=$RUN/node.raucb
    ln -sfn "$fetched/node.raucb" "$bundle"
    open_verified "$fetched/node.raucb" "$1"
    open_payload
}

# fetch URL FILE: the signature decides what is trusted, not the server; at boot the clock may be years
# off and a data centre's own certificate unknown, so the certificate of the server is not asked for.
fetch() {
    fetch_reason=$(curl --silent --show-error --fail --location --insecure \
        --connect-timeout 20 --speed-limit 2000 --speed-time 60 --max-time 1200 --max-filesize 2G \
        --retry 6 --retry-all-errors --retry-delay 3 --retry-max-time 1200 \
        --output "$2" -- "$1" 2>&1) && return 0
    fetch_reason=$(printf '%s\n' "$fetch_reason" | tail -n 1)
    return 1
}

# signature_size FILE: of the CMS at its end, in bytes; nothing when that cannot be.
signature_size() {
    # shellcheck disable=SC2046 # eight numbers
    set -- $(tail -c 8 "$1" | od -An -v -tu1)
    [ $# -eq 8 ] && [ "$1$2$3$4$5" = 00000 ] || return 1
    printf '%s\n' $((($6 << 16) + ($7 << 8) + $8))
}

# manifest_of FILE SIGNATURE_SIZE TO: writes the signed manifest; fails unless the signature is trusted.
# Time is not checked: a certificate must not stop a boot because a battery is empty.
manifest_of() {
    tail -c $(($2 + 8)) "$1" | head -c "$2" >"$3.cms"
    openssl cms -verify -binary -inform DER -in "$3.cms" -CAfile "$TRUSTED" \
        -purpose any -no_check_time -out "$3" 2>"$3.reason"
}

# manifest_value FILE KEY: of the section [bundle].
manifest_value() {
    sed -n "/^\[bundle\]/,/^\[/s/^$2=//p" "$1" | head -n 1
}

# open_verified FILE URL: mounts the payload through dm-verity on $RUN/bundle.
open_verified() {
    manifest=$fetched/manifest
    verified_size=$(stat -c %s "$1")
    signature=$(signature_size "$1") && [ "$signature" -gt 0 ] && [ "$signature" -lt "$verified_size" ] ||
        fail "What $2 delivered is no bundle ($verified_size bytes)." \
            "Check the URL: it must lead to node-VERSION.raucb itself."
    manifest_of "$1" "$signature" "$manifest" ||
        fail "The signature of $2 is not trusted: $(tail -n 1 "$manifest.reason")" \
            "Use a bundle signed for this initrd: both come from the same pxe/ directory."
    tree_size=$(manifest_value "$manifest" verity-size)
    root_hash=$(manifest_value "$manifest" verity-hash)
    salt=$(manifest_value "$manifest" verity-salt)
    case $tree_size:$root_hash:$salt in
        *[!0-9a-f:]* | :* | *::* | *:) fail "The manifest of $2 has no hash tree." \
            "The bundle must be of RAUC's format verity." ;;
    esac
    payload=$((verified_size - 8 - signature - tree_size))
    [ "$payload" -gt 0 ] && [ $((payload % 4096)) -eq 0 ] ||
        fail "The sizes inside $2 do not add up (payload $payload bytes)." "Fetch or build the bundle again."
    open_tree "$1" "$payload" "$root_hash" "$salt" ||
        fail "The content of $2 does not match its signature." "Fetch or build the bundle again."
}

# open_tree mounts a payload that was read through once: dm-verity alone would let a damaged bundle boot
# until somebody reads the bad block, and the file stays in memory, where nothing changes it.
open_tree() { # FILE PAYLOAD ROOT_HASH SALT
    modprobe -a dm_mod dm_verity 2>/dev/null || :
    tree_loop=$(losetup --find --show --read-only "$1") || return 1
    # Without dm's own udev rules, which the initramfs does not have, libdevmapper would wait for ever.
    DM_DISABLE_UDEV=1 timeout 60 veritysetup open "$tree_loop" node-bundle "$tree_loop" "$3" --no-superblock \
        --hash sha256 --salt "$4" --hash-offset "$2" \
        --data-blocks $(($2 / 4096)) --data-block-size 4096 --hash-block-size 4096 || return 1
    dd if=/dev/mapper/node-bundle of=/dev/null bs=1M 2>/dev/null || return 1
    mkdir -p "$RUN/bundle"
    mount -t squashfs -o ro,nosuid,nodev /dev/mapper/node-bundle "$RUN/bundle"
}
