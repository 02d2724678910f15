#!/bin/bash
# The second segment: network, download and verification for node.bundle=http(s)://. dracut sources this file.

check() {
    return 255
}

depends() {
    echo node
}

installkernel() {
    hostonly='' instmods '=drivers/net/ethernet' '=drivers/net/phy' '=drivers/net/mdio' \
        virtio_net vmxnet3 hv_netvsc xen_netfront \
        usbnet cdc_ether r8152 ax88179_178a \
        bonding 8021q ipv6 af_packet
}

install() {
    local lib=/usr/lib/node/initramfs

    inst_multiple curl dd ip mktemp networkctl od openssl veritysetup
    inst_simple "$moddir/lib/fetch.sh" "$lib/fetch.sh"
    inst_simple "$moddir/lib/network.sh" "$lib/network.sh"
    inst_simple "$moddir/node-root.conf" "$systemdsystemunitdir/node-root.service.d/20-network.conf"
    inst_simple "$moddir/initrd.target.conf" "$systemdsystemunitdir/initrd.target.d/20-network.conf"
    inst_simple "$moddir/trusted.pem" /usr/lib/node/keys/trusted.pem
    inst_simple /usr/share/dbus-1/system.d/org.freedesktop.network1.conf
    inst_multiple -o /usr/lib/ssl/openssl.cnf /etc/ssl/openssl.cnf

    inst_multiple "$systemdutildir/systemd-networkd" "$systemdutildir/systemd-networkd-wait-online" \
        "$systemdutildir/network/99-default.link" \
        "$systemdsystemunitdir/systemd-networkd.service" "$systemdsystemunitdir/systemd-networkd.socket"
    # networkd drops to this user; the base segment has no network and does not need it.
    grep '^systemd-network:' /etc/passwd >>"$initdir/etc/passwd"
    grep '^systemd-network:' /etc/group >>"$initdir/etc/group"
    inst_libdir_file 'libnss_dns.so*' 'libnss_files.so*'
    # veritysetup loads these by name.
    inst_libdir_file 'cryptsetup/*.so' 'ossl-modules/legacy.so' 2>/dev/null || :
}
