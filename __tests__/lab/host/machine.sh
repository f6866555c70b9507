#!/bin/sh
# The last steps before systemd, in mount and process namespaces of the machine's own: what is mounted here needs no
# unmounting, it goes with the machine, however that ends.
set -eu
folder=$1 base=$2 cgroup=$3
shift 3
echo 0 > "$cgroup/cgroup.procs"
cd "$folder"
mount -o loop,noinit_itable system.img system
mount -t overlay overlay -o "lowerdir=$base,upperdir=system/upper,workdir=system/work" root
mount -o loop,noinit_itable srv.img root/srv
exec "$@"
