#!/usr/bin/env bash
# Stands before a program on the PATH, and notes when it ran and what it said of its units. It changes nothing.
set -o pipefail
began=$EPOCHREALTIME
name=${0##*/}
units=$(mktemp "$WATCH_FOLDER/units.XXXXXX")
case $* in
  *--message-format*) "$WATCH_FOLDER/real/$name" "$@" | tee "$units" ;;
  *) "$WATCH_FOLDER/real/$name" "$@" ;;
esac
code=$?
printf '%s\t%s\t%s\t%s\n' "$began" "$EPOCHREALTIME" "$units" "$name $1" >>"$WATCH_FOLDER/calls"
exit "$code"
