# Receives a release: a tar archive on the standard input. It has its name when all of it is here, proved and on the disk.
#   p_token p_release
#   p_packing           how the archive is compressed: none, gzip or zstd
#   p_sums              the SHA-256 of SHA256SUMS, which names every other file
#   p_from p_links      a release that has some of the files already, how many, and in p_link_1 … which

rd_incoming=$p_root/releases/.incoming-$p_release
rd_release=$p_root/releases/$p_release

lock
is_ours || refuse lease-lost holder "$lease_holder"
unlock
test ! -e "$rd_release" || refuse release-exists release "$p_release"

# Of an upload that was cut off.
rm -rf "$rd_incoming"
mkdir -p "$rd_incoming" || fail "$rd_incoming cannot be made"
cd "$rd_incoming" || fail "$rd_incoming cannot be entered"

give_up() {
  cd / && rm -rf "$rd_incoming"
  fail "$1"
}

unpack() {
  case $p_packing in
  none) tar -xf - ;;
  gzip) gzip -dc | tar -xf - ;;
  zstd) zstd -dcq | tar -xf - ;;
  esac
}
rd_said=$(unpack 2>&1) || give_up "it could not be unpacked: $rd_said"

rd_at=1
while test "$rd_at" -le "$p_links"; do
  eval "rd_name=\$p_link_$rd_at"
  # The same file under another name: nothing is sent, copied or kept twice.
  ln "$p_root/releases/$p_from/$rd_name" "./$rd_name" 2>/dev/null ||
    give_up "$rd_name of release $p_from is not there any more"
  rd_at=$((rd_at + 1))
done

rd_sum=$(sha256sum SHA256SUMS 2>/dev/null)
test "${rd_sum%% *}" = "$p_sums" || give_up 'SHA256SUMS is not the one that was sent'
sha256sum -c SHA256SUMS >/dev/null 2>&1 ||
  give_up "these are not as they were sent: $(sha256sum -c SHA256SUMS 2>/dev/null | grep -v ': OK$' | head -n 5)"
# What nobody has proved has no place in a release.
test "$(find . ! -type d | wc -l)" -eq "$(($(wc -l <SHA256SUMS) + 1))" || give_up 'there are more files than SHA256SUMS names'

sync_tree .
cd "$p_root" || fail "$p_root cannot be entered"
mv "$rd_incoming" "$rd_release" || give_up 'it could not be given its name'
sync_files "$p_root/releases"
event uploaded release "$p_release"
finish
