#!/bin/busybox sh
# The first process of the test guest. It mounts the data disk, runs the guest agent, and does what the test tells it
# over the port "sendense.test", to which it says what it wrote.
/bin/busybox --install -s /bin
export PATH=/bin LD_LIBRARY_PATH=/lib
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
for module in virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk virtio_console; do
  insmod "/modules/$module.ko"
done

# The device of the port with this name.
port() {
  for entry in /sys/class/virtio-ports/*; do
    [ "$(cat "$entry/name")" = "$1" ] && echo "/dev/${entry##*/}"
  done
}

# What the agent runs before it freezes (freeze) and after it thawed (thaw); a test may put something else into it.
echo 'exit 0' >/run/hook
cat >/bin/hook <<'END'
#!/bin/sh
echo "hook $1" >&3
. /run/hook
END
chmod +x /bin/hook

start_agent() {
  qemu-ga --method=virtio-serial --path="$(port org.qemu.guest_agent.0)" --statedir=/run --fsfreeze-hook=/bin/hook &
  agent=$!
}

# Record $1: 64 bytes, its number and what can only come from that number.
record() {
  printf '%010d %052d\n' "$1" "$(($1 * 2654435761 % 4294967296))"
}

# Writes without end: each record into one file without and into another with fsync, and says so after it happened.
write_records() {
  number=0
  while [ -e /run/writing ]; do
    number=$((number + 1))
    record "$number" >>/data/cached
    echo "cached $number" >&3
    record "$number" >>/data/synced
    sync -d /data/synced
    echo "synced $number" >&3
  done
}

stop_writing() {
  rm /run/writing
  wait "$writer"
}

mount -t ext4 -o noatime /dev/vda /data
exec 3<>"$(port sendense.test)"
start_agent
touch /run/writing
write_records &
writer=$!
while :; do
  while read -r id command; do
    eval "$command"
    echo "ran $id $?" >&3
  done <&3
  sleep 1 # nobody is connected
done
