"""Lines of a lock, taken as they are, and the hashes that lines declare. Standard library of Python 3.9 only."""

import re

from uv import normal

HASH = re.compile(r"--hash=(sha(?:256|384|512):[0-9a-f]+)")
IN_URL = re.compile(r"#(?:\S*&)?sha256=([0-9a-f]{64})")


def declared(lines):
    """Name → hashes that its files have to have."""
    found = {}
    for line in lines:
        name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
        hashes = HASH.findall(line) + ["sha256:" + value for value in IN_URL.findall(line)]
        if name and hashes:
            found.setdefault(normal(name[0]), set()).update(hashes)
    return found


def hold(packages, lines):
    """Leaves each package the files that the lines allow; gives the names of those that have none left."""
    allowed = declared(lines)
    return [
        package.name for package in packages
        if normal(package.name) in allowed and not package.hold(allowed[normal(package.name)])
    ]


def resolve(work, lines):
    """(answer, packages): what is locked, and beside it what a kernel needs, as of the same day."""
    answer, packages = work.compile(lines, [], "--no-deps")
    work.warn(answer)
    if answer.kind != "ok":
        return answer, []
    names = {normal(package.name) for package in packages}
    pins = ["%s==%s" % (package.name, package.version) for package in packages if package.source is None]
    extras = [extra for extra in work.given.extra if normal(extra) not in names]
    if not extras:
        return answer, packages
    answer, more = _beside(work, extras, pins + work.given.constraint)
    return answer, packages + [package for package in more if normal(package.name) not in names]


def _beside(work, extras, pins):
    """The extras together, else one after the other as far as they go with what is locked."""
    answer, found = work.compile(extras, pins)
    if answer.kind not in ("no-solution", "not-found"):
        return answer, found
    kept, first = [], answer
    for extra in extras:
        answer, more = work.compile([*kept, extra], pins)
        if answer.kind == "ok":
            kept.append(extra)
            found = more
        elif answer.kind == "upstream" or extra == "ipykernel":
            return answer, []
        else:
            work.notice("%s does not go with what is locked, and is left out." % extra)
    first.kind = "ok"
    return first, found
