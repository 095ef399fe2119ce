#!/bin/sh
# A libvirt of the system's kind, as root, whose access driver asks polkit: for `unshare --mount`, so that all it has in
# fixed places lies below the folder $1. $2 has libvirt's actions for polkit, $3 what other libvirts of the tests have
# learned of QEMU. Ends with its standard input.
set -e
folder=$1
mkdir -p "$folder/bus" "$folder/run" "$folder/lib" "$folder/log" "$folder/etc" "$folder/actions"
over() {
  mkdir -p "$2"
  mount --bind "$1" "$2"
}
over "$folder/run" /run/libvirt
over "$folder/lib" /var/lib/libvirt
over "$3" /var/cache/libvirt
over "$folder/log" /var/log/libvirt
over "$folder/etc" /etc/libvirt
over "$folder/rules" /etc/polkit-1/rules.d
cp "$2"/*.policy "$folder/actions"
over "$folder/actions" /usr/share/polkit-1/actions
for list in passwd group; do
  grep -v '^libvirt-qemu:' "/etc/$list" >"$folder/$list"
done
echo 'libvirt-qemu:x:64055:64055::/nonexistent:/bin/false' >>"$folder/passwd"
echo 'libvirt-qemu:x:64055:' >>"$folder/group"
mount --bind "$folder/passwd" /etc/passwd
mount --bind "$folder/group" /etc/group

cat >"$folder/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=$folder/bus/socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>
END
cat >"$folder/etc/qemu.conf" <<END
user = "libvirt-qemu"
group = "libvirt-qemu"
stdio_handler = "file"
security_driver = "none"
namespaces = []
END
cat >"$folder/etc/libvirtd.conf" <<END
unix_sock_rw_perms = "0777"
auth_unix_rw = "none"
access_drivers = [ "polkit" ]
END

started=
finish() {
  trap '' EXIT TERM INT HUP
  for file in "$folder"/run/qemu/*.pid; do
    [ -e "$file" ] && kill -KILL "$(cat "$file")" || true
  done
  for process in $started; do
    kill "$process" && wait "$process" || true
  done
}
trap finish EXIT TERM INT HUP

export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$folder/bus/socket"
dbus-daemon --config-file="$folder/bus.conf" --nofork --nopidfile >"$folder/bus.log" 2>&1 &
started=$!
until [ -S "$folder/bus/socket" ]; do sleep 0.05; done
/usr/lib/polkit-1/polkitd >"$folder/polkitd.log" 2>&1 &
started="$! $started"
until grep -q 'Acquired the name' "$folder/polkitd.log"; do sleep 0.05; done
libvirtd -f "$folder/etc/libvirtd.conf" -p "$folder/libvirtd.pid" >"$folder/libvirtd.log" 2>&1 &
started="$! $started"
read -r _ || true
