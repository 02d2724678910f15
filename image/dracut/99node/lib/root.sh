# shellcheck shell=sh
# shellcheck disable=SC2013,SC2015,SC2154 # words split on purpose; variables are shared between the parts of node-root
# The root: overlay with a visible upper, /config, the image's own restore, the record of this boot.

SYSROOT=${SYSROOT:-/sysroot}
config=absent
restore_result=ok

make_overlay() {
    mkdir -p "$RUN/overlay"
    # Both limits: many tiny files eat memory as surely as one large one.
    mount -t tmpfs -o size=40%,nr_inodes=200k,mode=0755 node-overlay "$RUN/overlay" &&
        mkdir -p "$RUN/overlay/upper" "$RUN/overlay/work" &&
        mount -t overlay -o \
            "lowerdir=$RUN/lower,upperdir=$RUN/overlay/upper,workdir=$RUN/overlay/work,redirect_dir=off,metacopy=off,index=off" \
            node-root "$SYSROOT" ||
        fail "The root overlay could not be mounted." \
            "The machine may have too little memory (1 GiB at least); see the kernel's messages."
}

# mount_config: an unusable Config never stops the boot and is never formatted; the defaults boot.
mount_config() {
    if [ "$mode" != installed ]; then
        return 0
    fi
    config_device=$DEV/node/config
    if ! udevadm wait --timeout=30 "$config_device" 2>/dev/null; then
        config="unreadable: partition 5 (Config) is missing on the system disk"
        return 0
    fi
    config_code=0
    timeout 60 e2fsck -p "$config_device" || config_code=$?
    # 1 and 2: repaired. 4 and above: not repaired, or the check did not end.
    if [ "$config_code" -ge 4 ]; then
        config="unreadable: e2fsck $config_device ended with $config_code"
    elif mkdir -p "$SYSROOT/config" &&
        mount -t ext4 -o rw,nosuid,nodev,noexec,errors=remount-ro "$config_device" "$SYSROOT/config"; then
        config=ok
    else
        config="unreadable: $config_device cannot be mounted"
    fi
    [ "$config" = ok ] ||
        say "CONFIG UNREADABLE: ${config#unreadable: }; this boot uses the image's defaults."
}

# write_boot_record: /run/node/boot.json, the contract with everything that runs later.
write_boot_record() {
    {
        printf '{"mode": %s, "slot": %s, ' "$(quoted "$mode")" "$(quoted_or_null "$slot")"
        printf '"source": %s, ' "$(quoted "$source_text")"
        printf '"bundle": %s, ' "$(quoted_or_null "$bundle")"
        printf '"config": %s, ' "$(quoted "$config")"
        printf '"medium_device": %s, ' "$(quoted_or_null "$medium_device")"
        printf '"restore": %s}\n' "$(quoted "$restore_result")"
    } >"$RUN/boot.json.new"
    mv "$RUN/boot.json.new" "$RUN/boot.json"
    # The same as a file, for conditions of units: the local partitions belong to this boot.
    [ "$mode" != installed ] || : >"$RUN/installed"
}

# run_restore: the image's own Python places what was saved; limited in time, and its failure is told, not fatal.
run_restore() {
    mount -t proc -o nosuid,nodev,noexec proc "$SYSROOT/proc"
    for shared in sys dev run; do mount --bind "/$shared" "$SYSROOT/$shared"; done
    restore_code=0
    timeout --kill-after=2 20 chroot "$SYSROOT" /usr/lib/node/restore || restore_code=$?
    for shared in run dev sys proc; do umount -l "$SYSROOT/$shared"; done
    case $restore_code in
        0) return 0 ;;
        124 | 137) restore_result="did not end within 20 s" ;;
        *) restore_result="ended with $restore_code" ;;
    esac
    say "The restore of the saved configuration $restore_result; see: nodectl why"
    write_boot_record
}
