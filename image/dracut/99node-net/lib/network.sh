# shellcheck shell=sh
# shellcheck disable=SC2013,SC2015,SC2154 # words split on purpose; variables are shared between the parts of node-root
# The network of the initramfs: files for networkd from BOOTIF, ip, netmask, gateway, dns, vlan, bond and
# node.network.*; up for one download, down again before the image's own NetworkManager starts.

NETWORKS=${NETWORKS:-/run/systemd/network}
WAIT_ONLINE=${WAIT_ONLINE:-/usr/lib/systemd/systemd-networkd-wait-online}
NETIF_STATE=${NETIF_STATE:-/run/systemd/netif/state}

network_up() {
    write_networks
    SYSTEMD_LOG_LEVEL=crit udevadm settle --timeout=20 || :
    systemctl start systemd-networkd.service
    network_limit=$(device_limit)
    say "Waiting for the network (at most $network_limit s) ..."
    "$WAIT_ONLINE" --any --operational-state=routable \
        --timeout="$network_limit" ||
        fail "No link got an address: $(link_states)" \
            "Check cable and switch port, DHCP on this network, and BOOTIF=, ip=, vlan=, bond=."
    # There is no resolver service here; what DHCP or dns= said goes straight to the C library.
    sed -n 's/^DNS=//p' "$NETIF_STATE" | tr ' ' '\n' | sed -n 's/^[^ ][^ ]*$/nameserver &/p' >/etc/resolv.conf
}

link_states() {
    networkctl --no-pager --no-legend list 2>/dev/null |
        while read -r _ state_link state_type state_operational _; do
            [ "$state_type" = loopback ] || printf '%s %s; ' "$state_link" "$state_operational"
        done
}

# network_down: NetworkManager must find links as the kernel made them, not half configured ones.
network_down() {
    systemctl stop systemd-networkd.socket systemd-networkd.service
    rm -rf "$NETWORKS"
    for down_link in /sys/class/net/*; do
        down_link=${down_link##*/}
        [ "$down_link" != lo ] || continue
        case $(ip -o -d link show dev "$down_link") in
            *" vlan "* | *" bond "*) ip link delete dev "$down_link" ;;
            *) ip address flush dev "$down_link" && ip link set dev "$down_link" down ;;
        esac
    done
    [ ! -d /sys/class/net/bond0 ] || ip link delete dev bond0
}

# write_networks: node.network.links.* when there are any, else the arguments of old.
write_networks() {
    mkdir -p "$NETWORKS"
    if argument node.network.links.0.name >/dev/null || argument node.network.links.0.kind >/dev/null; then
        for listed_index in 0 1 2 3 4 5 6 7 8 9; do write_listed_link "$listed_index"; done
    else
        write_boot_link
    fi
}

write_boot_link() {
    boot_match=$(match_of "$(argument BOOTIF)")
    if boot_bond=$(argument bond) || boot_bond=$(argument bond_setup); then
        boot_ports=${boot_bond#*:}
        write_bond "${boot_bond%%:*}" "${boot_ports%%:*}" "$(bond_mode "$boot_bond")"
        boot_match="Name=${boot_bond%%:*}"
    fi
    boot_address=$(argument ip)
    set -- "$(address_of "$boot_address")" "$(gateway_of "$boot_address")" "$(argument dns)"
    if boot_vlan=$(argument vlan); then
        boot_vlan=${boot_vlan%%:*}
        write_vlan_device "vlan$boot_vlan" "$boot_vlan"
        write_network 20-boot "$boot_match" "vlan$boot_vlan" off "" ""
        write_network 30-vlan "Name=vlan$boot_vlan" "" "$@"
    else
        write_network 20-boot "$boot_match" "" "$@"
    fi
}

# match_of BOOTIF: the [Match] line for a MAC (6 groups, or 7 as pxelinux writes them), a name or "link".
match_of() {
    case $1 in
        '' | link) printf 'Type=ether\n' ;;
        ??[-:]??[-:]??[-:]??[-:]??[-:]??[-:]??) match_of "${1#???}" ;;
        ??[-:]??[-:]??[-:]??[-:]??[-:]??) printf 'PermanentMACAddress=%s\n' "$(printf '%s' "$1" | tr '-' ':')" ;;
        *) printf 'Name=%s\n' "$1" ;;
    esac
}

# address_of IP: "dhcp", "off" or ADDRESS/PREFIX, from ip= (all its forms) and netmask=.
address_of() {
    case $1 in
        '' | dhcp | auto | on) printf 'dhcp\n' ;;
        off | none) printf 'off\n' ;;
        */*) printf '%s\n' "$1" ;;
        *:*:*:*)
            address_rest=${1#*:*:*:}
            printf '%s/%s\n' "${1%%:*}" "$(prefix_of "${address_rest%%:*}")"
            ;;
        *) printf '%s/%s\n' "$1" "$(prefix_of "$(argument netmask || printf 255.255.255.0)")" ;;
    esac
}

gateway_of() { # IP
    case $1 in
        *:*:*:*)
            gateway_rest=${1#*:*:}
            printf '%s\n' "${gateway_rest%%:*}"
            ;;
        *) argument gateway ;;
    esac
}

# prefix_of NETMASK: 255.255.254.0 -> 23; a plain number stays.
prefix_of() {
    case $1 in
        *.*.*.*) ;;
        *)
            printf '%s\n' "$1"
            return 0
            ;;
    esac
    prefix_bits=0
    for prefix_byte in $(printf '%s' "$1" | tr '.' ' '); do
        case $prefix_byte in
            255) prefix_bits=$((prefix_bits + 8)) ;;
            254) prefix_bits=$((prefix_bits + 7)) ;;
            252) prefix_bits=$((prefix_bits + 6)) ;;
            248) prefix_bits=$((prefix_bits + 5)) ;;
            240) prefix_bits=$((prefix_bits + 4)) ;;
            224) prefix_bits=$((prefix_bits + 3)) ;;
            192) prefix_bits=$((prefix_bits + 2)) ;;
            128) prefix_bits=$((prefix_bits + 1)) ;;
            0) ;;
            *) fail "netmask=$1 is no netmask." "Write a netmask such as 255.255.255.0." ;;
        esac
    done
    printf '%s\n' "$prefix_bits"
}

# bond_mode BOND: of bondN:port,port[:mode=...,miimon=...]
bond_mode() {
    case $1 in
        *[:,]mode=*)
            bond_rest=${1#*mode=}
            printf '%s\n' "${bond_rest%%,*}"
            ;;
        *) printf 'active-backup\n' ;;
    esac
}

write_bond() { # NAME PORTS MODE
    printf '[NetDev]\nName=%s\nKind=bond\n[Bond]\nMode=%s\nMIIMonitorSec=100ms\n' "$1" "$3" \
        >"$NETWORKS/10-$1.netdev"
    for bond_port in $(printf '%s' "$2" | tr ',' ' '); do
        printf '[Match]\n%s\n[Network]\nBond=%s\n' "$(match_of "$bond_port")" "$1" \
            >"$NETWORKS/10-$1-$(printf '%s' "$bond_port" | tr -d ':-').network"
    done
}

write_vlan_device() { # NAME ID
    printf '[NetDev]\nName=%s\nKind=vlan\n[VLAN]\nId=%s\n' "$1" "$2" >"$NETWORKS/10-$1.netdev"
}

# write_network FILE MATCH VLANS ADDRESS GATEWAY DNS
write_network() {
    {
        printf '[Match]\n%s\n[Network]\n' "$2"
        for network_item in $(printf '%s' "$3" | tr ',' ' '); do printf 'VLAN=%s\n' "$network_item"; done
        case $4 in
            dhcp) printf 'DHCP=ipv4\nIPv6AcceptRA=yes\n' ;;
            off) printf 'LinkLocalAddressing=no\nIPv6AcceptRA=no\n' ;;
            *) printf 'Address=%s\n' "$4" ;;
        esac
        [ -z "$5" ] || printf 'Gateway=%s\n' "$5"
        for network_item in $(printf '%s' "$6" | tr ',' ' '); do printf 'DNS=%s\n' "$network_item"; done
        printf '[DHCPv4]\nClientIdentifier=mac\nUseHostname=no\n'
    } >"$NETWORKS/$1.network"
}

# write_listed_link INDEX: node.network.links.INDEX.*; ethernet, bond and vlan are enough to fetch through.
write_listed_link() {
    listed_name=$(argument "node.network.links.$1.name") || return 0
    listed_match="Name=$listed_name"
    case $(argument "node.network.links.$1.kind") in
        bond)
            write_bond "$listed_name" "$(argument "node.network.links.$1.ports")" \
                "$(argument "node.network.links.$1.mode" || printf active-backup)"
            ;;
        vlan) write_vlan_device "$listed_name" "$(argument "node.network.links.$1.vlan")" ;;
        bridge) listed_match=$(match_of "$(argument "node.network.links.$1.ports" | sed 's/,.*//')") ;;
        *) listed_match=$(match_of "$listed_name") ;;
    esac
    write_network "20-$1" "$listed_match" "$(vlans_on "$listed_name")" \
        "$(listed_method "$1")" "$(argument "node.network.links.$1.ipv4.gateway")" "$(argument node.network.dns)"
}

# listed_method INDEX: an address given means static; nothing said means DHCP.
listed_method() {
    argument "node.network.links.$1.ipv4.address" && return 0
    case $(argument "node.network.links.$1.ipv4.method") in
        off) printf 'off\n' ;;
        *) printf 'dhcp\n' ;;
    esac
}

# vlans_on PARENT: names of the listed VLANs above a link.
vlans_on() {
    for vlans_index in 0 1 2 3 4 5 6 7 8 9; do
        [ "$(argument "node.network.links.$vlans_index.parent")" = "$1" ] || continue
        printf '%s ' "$(argument "node.network.links.$vlans_index.name")"
    done
}
