# What every script on a server begins with. POSIX sh and no more.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022
# A runner that is gone must not end a script in the middle of what it does: it ends when it is done.
trap '' PIPE

rd_newline=$(printf '\036')
rd_tab=$(printf '\037')

# Any text as the inside of a JSON string. Other control characters are nothing that a person could read.
json() {
  case $1 in
  *[!A-Za-z0-9_./:@+=,\ -]*) ;;
  *)
    printf '%s' "$1"
    return
    ;;
  esac
  printf '%s' "$1" |
    tr -d '\000-\010\013-\037\177' |
    tr '\n\t' '\036\037' |
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "s/$rd_newline/\\\\n/g" -e "s/$rd_tab/\\\\t/g"
}

# pairs [<key> <text>]…: what follows in a JSON object.
pairs() {
  rd_pairs=''
  while test $# -gt 1; do
    rd_pairs="$rd_pairs,\"$1\":\"$(json "$2")\""
    shift 2
  done
}

uptime_seconds() {
  read -r rd_uptime _ </proc/uptime
  printf '%s' "${rd_uptime%%.*}"
}

boot_id() {
  read -r rd_boot </proc/sys/kernel/random/boot_id
  printf '%s' "$rd_boot"
}

# A call brings these as parameters; the guard is started with them.
p_app=${p_app:-$1}
p_root=${p_root:-${2:-/srv/$p_app}}
p_conf=${p_conf:-${3:-/etc/rust-deploy/$p_app.conf}}
rd_state=$p_root/.rust-deploy

# What bootstrap has written down of this app: one `name=value` a line.
conf() {
  sed -n "s/^$1=//p" "$p_conf" 2>/dev/null | head -n 1
}

# The only way to more rights: lines that stand in sudoers to the letter.
as_root() {
  sudo -n /usr/bin/systemctl "$@" </dev/null 9>&-
}

# The critical section of this app: a lock that dies with its holder, on a file that is never removed. Whoever waits for
# it longer than anybody works under it has met a process that hangs.
lock() {
  # A redirection of exec that fails would end the shell without a word.
  (: >>"$rd_state/lock") 2>/dev/null || fail "$rd_state/lock cannot be opened"
  exec 9>>"$rd_state/lock"
  flock -w 30 9 || fail 'the lock of this app was not free for 30 s'
}

unlock() {
  exec 9>&-
}

# put <file>: its standard input becomes the file at once or not at all, and is on the disk before it has its name.
put() {
  cat >"$1.new" && sync_files "$1.new" && mv -f "$1.new" "$1" && sync_files "${1%/*}"
}

# Some versions of sync take no names: they bring everything to the disk, which is enough and slower.
sync_files() {
  sync "$@" 2>/dev/null || sync
}

sync_tree() {
  find "$1" -exec sync {} + 2>/dev/null || sync
}

# The lease: who deploys, and until when. It is of nobody after a reboot and after its time.
lease_token='' lease_holder='' lease_boot='' lease_deadline=0 lease_since='' lease_release=''
read_lease() {
  lease_token='' lease_holder='' lease_boot='' lease_deadline=0 lease_since='' lease_release=''
  test -f "$rd_state/lease" || return 1
  {
    read -r lease_token
    read -r lease_holder
    read -r lease_boot
    read -r lease_deadline
    read -r lease_since
    read -r lease_release
  } <"$rd_state/lease"
  case $lease_deadline in '' | *[!0-9]*) return 1 ;; esac
  test "$lease_boot" = "$(boot_id)" && test "$(uptime_seconds)" -lt "$lease_deadline"
}

is_ours() {
  read_lease && test "$lease_token" = "$p_token"
}

# A deploy that is not decided yet: the guard, or a confirmation, will end it.
undecided() {
  test -e "$rd_state/pending" && return 0
  for rd_file in "$rd_state"/reverting.*; do
    test -e "$rd_file" && return 0
  done
  return 1
}

# point <link> <target>: moves a link of the app by one rename. `mv -T` is not everywhere; a link that is moved into a
# folder replaces the one of its name there at once.
point() {
  rd_swap=$p_root/.$1.$$
  rm -rf "$rd_swap"
  mkdir "$rd_swap" && ln -s "$2" "$rd_swap/$1" && mv -f "$rd_swap/$1" "$p_root/" && rmdir "$rd_swap" &&
    sync_files "$p_root"
}

# Only of our own deploy: its last line is the token.
is_pending_ours() {
  test -f "$rd_state/pending" && test "$(tail -n 1 "$rd_state/pending")" = "$p_token"
}

# remember <event> [<key> <text>]…: one line of history, the time first.
remember() {
  rd_event=$1
  shift
  pairs "$@"
  printf '{"time":"%s","event":"%s"%s}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$rd_event" "$rd_pairs" \
    >>"$rd_state/history.jsonl" && sync_files "$rd_state/history.jsonl"
}
