#!/bin/bash
# The base segment: finds and opens the image on a slot, a CD or a USB medium. dracut sources this file.

check() {
    return 255
}

depends() {
    echo dash systemd-initrd
}

installkernel() {
    # By function: what a root, a medium or a keyboard can hang on. NICs are in node-net.
    hostonly='' instmods loop squashfs overlay isofs ext4 vfat crc32c nls_ascii nls_cp437 nls_utf8 nls_iso8859-1 \
        dm_mod dm_verity softdog
    hostonly='' instmods sd_mod sr_mod cdrom usb_storage uas sg \
        ahci ata_piix ata_generic \
        nvme vmd \
        virtio_pci virtio_blk virtio_scsi vmw_pvscsi hv_storvsc hv_vmbus xen_blkfront \
        megaraid_sas megaraid_mbox mpt3sas mptsas mptspi smartpqi hpsa aacraid arcmsr isci mvsas pm80xx \
        qla2xxx lpfc fnic \
        mmc_block sdhci_pci sdhci_acpi
    hostonly='' instmods xhci_pci ehci_pci ohci_pci uhci_hcd usbhid hid_generic atkbd i8042
    hostonly='' instmods lpc_ich i2c_i801 iTCO_wdt i6300esb sp5100_tco hpwdt wdat_wdt
}

install() {
    local lib=/usr/lib/node/initramfs name

    inst_multiple blkid cat chroot cut e2fsck fsck.ext4 grep head journalctl kmod ln losetup mkdir modprobe mount mv \
        printf readlink rm sed sleep sort stat sync systemctl tail timeout tr udevadm umount wc
    for name in words.sh source.sh root.sh; do
        inst_simple "$moddir/lib/$name" "$lib/$name"
    done
    for name in node-root node-root-failed node-rescue watchdog; do
        inst_script "$moddir/lib/$name" "$lib/$name"
    done
    inst_simple /usr/lib/modprobe.d/50-node.conf
    inst_rules 66-node-disk.rules
    inst_script /usr/lib/node/partition-role /usr/lib/node/partition-role

    install_units
    remove_foreign_readers
}

install_units() {
    local units=$systemdsystemunitdir

    inst_simple "$moddir/node-root.service" "$units/node-root.service"
    inst_simple "$moddir/node-root-failed.service" "$units/node-root-failed.service"
    inst_simple "$moddir/node-rescue.service" "$units/node-rescue.service"
    inst_simple "$moddir/node-rescue.target" "$units/node-rescue.target"
    inst_simple "$moddir/node-watchdog.service" "$units/node-watchdog.service"
    inst_simple "$moddir/initrd.target.conf" "$units/initrd.target.d/10-node.conf"
    inst_simple "$moddir/initrd-parse-etc.conf" "$units/initrd-parse-etc.service.d/10-node.conf"
    inst_simple "$moddir/watchdog.conf" /usr/lib/systemd/system.conf.d/10-node.conf
    $SYSTEMCTL -q --root "$initdir" add-requires initrd-root-fs.target node-root.service
    $SYSTEMCTL -q --root "$initdir" add-wants initrd.target node-watchdog.service
    for name in emergency rescue; do
        rm -f "$initdir$units/$name.target" "$initdir$units/$name.service"
        inst_simple "$moddir/emergency.target" "$units/$name.target"
    done
    ln -sf initrd.target "$initdir$units/default.target"
}

# Only node-root reads root=, ip= and our arguments; no argument opens a shell.
remove_foreign_readers() {
    rm -rf "$initdir$systemdutildir/system-generators" \
        "$initdir$systemdutildir/systemd-sysroot-fstab-check" \
        "$initdir$systemdutildir/systemd-volatile-root" \
        "$initdir$systemdsystemunitdir/debug-shell.service" \
        "$initdir$udevrulesdir"/5?-scsi-sg3* "$initdir"/usr/bin/sg_inq "$initdir"/usr/lib/*/libsgutils2* "$initdir"/usr/lib/*/libbpf.so* \
        "$initdir$systemdsystemunitdir/systemd-volatile-root.service"
    # The initramfs is ours, not the build machine's.
    printf 'NAME="Node initramfs"\nID=node\nPRETTY_NAME="Node initramfs"\n' >"$initdir/usr/lib/initrd-release"
    ln -sfn ../usr/lib/initrd-release "$initdir/etc/initrd-release"
    ln -sfn initrd-release "$initdir/usr/lib/os-release"
    ln -sfn ../usr/lib/os-release "$initdir/etc/os-release"
}
