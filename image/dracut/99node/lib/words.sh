# shellcheck shell=sh
# shellcheck disable=SC2013,SC2015,SC2154 # words split on purpose; variables are shared between the parts of node-root
# Words of the kernel's command line, messages to the consoles, reasons for a boot that ends.

RUN=${RUN:-/run/node}
PROC_CMDLINE=${PROC_CMDLINE:-/proc/cmdline}
CONSOLES=${CONSOLES:-/sys/class/tty/console/active}
DEV=${DEV:-/dev}

# argument NAME: prints its last value (empty for the bare word); 1 when it is not there.
argument() {
    argument_found=1
    argument_value=
    set -f
    for argument_word in $(cat "$PROC_CMDLINE"); do
        # GRUB moves quotes around the whole word: "key=value" and key="value" are the same.
        argument_word=${argument_word#\"}
        argument_word=${argument_word%\"}
        case $argument_word in
            "$1="*)
                argument_value=${argument_word#*=}
                argument_value=${argument_value#\"}
                argument_found=0
                ;;
            "$1")
                argument_value=
                argument_found=0
                ;;
        esac
    done
    set +f
    [ "$argument_found" = 0 ] || return 1
    printf '%s\n' "$argument_value"
}

# enabled NAME: is this strict boolean argument on? Anything but a boolean ends the boot.
enabled() {
    enabled_value=$(argument "$1") || return 1
    case $enabled_value in
        '' | 1 | y | yes | true | on) return 0 ;;
        0 | n | no | false | off) return 1 ;;
    esac
    fail "The kernel argument $1=$enabled_value is neither yes nor no." \
        "Write $1 or $1=no, or leave it out."
}

# say LINE...: to the journal and to every console of this boot (tty0 is the screen in front).
say() {
    printf '%s\n' "$@"
    for say_console in $(cat "$CONSOLES" 2>/dev/null); do
        [ -w "$DEV/$say_console" ] || continue
        printf '%s\r\n' "$@" 2>/dev/null >"$DEV/$say_console" || :
    done
}

# fail WHAT REMEDY: leaves the two lines for node-root-failed and ends.
fail() {
    mkdir -p "$RUN"
    printf '%s\n%s\n' "$1" "$2" >"$RUN/failure"
    printf '%s\n' "$1" "$2"
    exit 1
}

# quoted TEXT: TEXT as a JSON string; control characters become blanks.
quoted() {
    printf '"%s"' "$(printf '%s' "$1" | tr '\000-\037\177' ' ' | sed 's/[\\"]/\\&/g')"
}

# quoted_or_null TEXT
quoted_or_null() {
    if [ -n "$1" ]; then quoted "$1"; else printf null; fi
}

# device_limit: prints the seconds to wait for a device or a link: rd.timeout=, 90 when that is none.
# No 0: to some programs it means for ever.
device_limit() {
    limit_seconds=$(argument rd.timeout) || limit_seconds=90
    case $limit_seconds in
        '' | 0* | *[!0-9]*) limit_seconds=90 ;;
    esac
    printf '%s\n' "$limit_seconds"
}

# wait_for DEVICE WHAT: waits for a device link, rd.timeout= seconds at most (90).
wait_for() {
    wait_limit=$(device_limit)
    udevadm wait --timeout=10 "$1" 2>/dev/null && return 0
    say "Waiting for $2 (at most $wait_limit s) ..."
    udevadm wait --timeout="$wait_limit" "$1" 2>/dev/null
}
