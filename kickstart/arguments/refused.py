"""Arguments of oVirt Node that stop an installation before the first write, each with its reason.

Ignoring one would give a node that lacks something its admin asked for.
"""

from kickstart.arguments.table import Argument

_LATER = "This version does not offer it yet; remove the argument."


def _refuse(names: str, help_text: str, form: str = "VALUE") -> tuple[Argument, ...]:
    return tuple(
        Argument(name=name, form=form, meaning="refused", help=help_text) for name in names.split()
    )


_FLAGS = (
    *_refuse(
        "upgrade ovirt_upgrade local_boot ovirt_local_boot",
        "Upgrading from the boot medium is not offered yet; remove the argument.",
        "[yes|no]",
    ),
    *_refuse(
        "uninstall", "Uninstalling is not offered yet; remove the argument.", "[yes|no|TOKEN]"
    ),
    *_refuse(
        "iscsi_install", "A root disk over iSCSI is not offered: use a local disk.", "[yes|no]"
    ),
    *_refuse("wipe_fakeraid", "Name the disk in node.install.consent instead.", "[yes|no]"),
    *_refuse("disable_kdump", "Kernel dumps are not offered yet; remove the argument.", "[yes|no]"),
    *_refuse("rescue", "There is no shell in early boot; remove the argument.", "[yes|no]"),
)
_VALUES = (
    *_refuse("runtime_mode ovirt_early local_boot_trigger", _LATER),
    *_refuse("node.break", "There is no shell during installation; remove the argument."),
    *_refuse("mem_overcommit ovirt_overcommit", "Give the size of swap: node.install.swap_size=."),
    *_refuse("swap_encrypt ovirt_swap_encrypt", _LATER),
    *_refuse("iscsi_init iscsi_server iscsi_target_name iscsi_name", _LATER),
    *_refuse("syslog netconsole logrotate_interval logrotate_max_size", _LATER),
    *_refuse("collectd", "collectd is not part of the node; remove the argument."),
    *_refuse("kdump_nfs kdump_ssh kdump_ssh_key tuned nfsv4_domain snmp_password", _LATER),
    *_refuse(
        "use_strong_rng disable_aes_ni",
        "OpenSSH chooses random numbers and ciphers by itself now; remove the argument.",
    ),
    *_refuse("management_server management_port management_server_fingerprint", _LATER),
    *_refuse("cim_passwd cim_enabled", "CIM is not part of the node; remove the argument."),
    *_refuse(
        "rhn_type rhn_url rhn_ca_cert rhn_username rhn_password rhn_profile rhn_activationkey"
        " rhn_org rhn_proxy rhn_proxyuser rhn_proxypassword",
        "RHN was switched off; remove the argument.",
    ),
    *_refuse(
        "ks inst.ks",
        "Kickstart files describe images, not nodes: give node.SECTION.KEY=VALUE instead.",
        "URL",
    ),
)

REFUSED = (*_FLAGS, *_VALUES)
# Flags that ask for nothing when they are switched off.
REFUSED_FLAGS = frozenset(argument.name for argument in _FLAGS)
