# Decides for a release that has proved itself: by one rename, which the guard might have done before.
#   p_token p_release
#   p_facts             what switch.sh saw of the units when they had proved themselves

lock                                                             # C1
read_lease || :
is_pending_ours || fail 'the guard was faster: the deploy was undecided for too long' # C2
test "$(readlink "$p_root/current")" = "releases/$p_release" || fail 'another release is current' # C3
rd_units=$(conf units)
rd_facts=''
for rd_unit in $rd_units; do
  unit_facts "$rd_unit"
  test "$unit_active" = active || fail "$rd_unit is $unit_active ($unit_sub)"
  rd_facts="$rd_facts$rd_unit $unit_invocation $unit_restarts "
done
test "$(printf '%s' "$rd_facts")" = "$p_facts" || fail 'it was restarted after it had proved itself'
mv -f "$rd_state/pending" "$rd_state/confirmed.$p_release" ||    # C4
  fail 'the guard was faster'
sync_files "$rd_state"                                           # C5
remember confirmed release "$p_release" by "$lease_holder"       # C6
rm -f "$rd_state/deadline.$p_release"
unlock                                                           # C7
event confirmed release "$p_release"
finish
