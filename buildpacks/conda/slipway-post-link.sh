#!/bin/bash
# slipway-post-link PREFIX [NAME…]: the post-link scripts of these packages (of all of them), which is their own code. One
# that fails is told and no more: most only write caches or register an extension.
prefix=$1
shift
[ $# -gt 0 ] || mapfile -t packages < <(find "$prefix/bin" -name '.*-post-link.sh' -printf '%f\n' 2> /dev/null | sed 's/^\.//; s/-post-link\.sh$//' | sort)
for name in "$@" "${packages[@]}"; do
  script=$prefix/bin/.$name-post-link.sh
  [ -f "$script" ] || continue
  record=$(grep -l "^  \"name\": \"$name\",\{0,1\}$" "$prefix"/conda-meta/*.json | head -n 1)
  field() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" "$record" | head -n 1; }
  if ! (cd "$prefix" && PREFIX=$prefix ROOT_PREFIX=/srv/conda PKG_NAME=$name PKG_VERSION=$(field version) PKG_BUILDNUM=$(field build_number) \
    bash "$script"); then
    echo "slipway: the set-up of $name (post-link) failed" >&2
    echo "the set-up of $name (its post-link script) failed" >> /srv/env/share/slipway/notices
  fi
done
