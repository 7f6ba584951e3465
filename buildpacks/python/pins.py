"""Moves exact pins that this Python cannot have, each to the nearest version that comes ready-built. Never silently, and only
after the pin itself was tried. Standard library of Python 3.9 only."""

import re

from uv import normal

PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*==\s*([A-Za-z0-9.!+_-]+)\s*(;.*)?$")
# What uv says of a version that no file of fits, or that wants another Python.
UNFIT = re.compile(r"([A-Za-z0-9._-]+)==(\S+) (?:has no (?:usable )?wheels|depends on Python)")
ASKED = re.compile(r"you require ([A-Za-z0-9._-]+)==([^\s,]+)")
# Names under which nothing is to be had any more, by what is meant.
RENAMED = {"sklearn": "scikit-learn"}


class Pins:
    """The requirements and constraints of a resolution, of which some may have been moved."""

    def __init__(self, uv, requirements, constraints, notice):
        self.uv = uv
        self.requirements = list(requirements)
        self.constraints = list(constraints)
        self.notice = notice
        self.moved = set()

    def _pinned(self):
        """Name → version of every exact pin."""
        found = [PIN.match(line) for line in self.requirements + self.constraints]
        return {normal(pin[1]): pin[3] for pin in found if pin}

    def _replace(self, name, wanted):
        for lines in (self.requirements, self.constraints):
            for index, line in enumerate(lines):
                pin = PIN.match(line)
                if pin and normal(pin[1]) == name:
                    lines[index] = " ".join(filter(None, [pin[1] + (pin[2] or "") + wanted, pin[4]]))
        self.moved.add(name)

    def _ready_built(self, path, wanted, order):
        """The version that uv takes for one requirement if nothing may be built; None if there is none."""
        name = re.match(r"[A-Za-z0-9._-]+", wanted)[0]
        with open(path, "w") as file:
            file.write(wanted + "\n")
        arguments = ["pip", "compile", path, "--no-deps", "--only-binary", name, "--resolution", order]
        answer = self.uv.run(*arguments, "--quiet", "--no-header", "--no-annotate")
        found = re.search(r"^%s==(\S+)" % re.escape(normal(name)), answer.text, re.M) if answer.kind == "ok" else None
        return found and found[1]

    def _nearest(self, path, name, version):
        for wanted, order in ((">" + version, "lowest"), ("<" + version, "highest")):
            found = self._ready_built(path, name + wanted, order)
            if found:
                return found
        return None

    def _has_wheel_later(self, path, name, version):
        day, self.uv.cutoff = self.uv.cutoff, "none"
        try:
            return self._ready_built(path, "%s==%s" % (name, version), "highest")
        finally:
            self.uv.cutoff = day

    def move(self, answer, failed, path):
        """
        Whether requirements were changed after an answer that was no, so that another try is worth it.
        failed: packages that could not be built, by name; path: of a file for scratch
        """
        pinned = self._pinned()
        text = " ".join(answer.text.split())
        unfit = {normal(name) for name, _ in UNFIT.findall(text)} if answer.kind == "no-solution" else set()
        changed = False
        for name in sorted((unfit | set(failed)) - self.moved):
            if name in RENAMED and name in failed:
                changed |= self._rename(name, RENAMED[name])
            elif name in pinned and not self._has_wheel_later(path, name, pinned[name]):
                why = "no wheel for this Python and cannot be built" if name in failed else "no file for this Python"
                changed |= self._move_pin(path, name, pinned[name], why)
        if not changed and answer.kind == "no-solution" and self.moved:
            changed = self._loosen(text, pinned)
        return changed

    def _move_pin(self, path, name, version, why):
        found = self._nearest(path, name, version)
        if found is None:
            return False
        self.notice("%s %s has %s; it is %s, the nearest version that has one." % (name, version, why, found))
        self._replace(name, "==" + found)
        return True

    def _loosen(self, text, pinned):
        """Pins that what was moved does not go with become lower bounds."""
        against = {normal(name) for name, version in ASKED.findall(text) if pinned.get(normal(name)) == version}
        for name in sorted(against):
            self._replace(name, ">=" + pinned[name])
            self.notice("%s %s does not go with what had to be moved; a later version may be taken." % (name, pinned[name]))
        return bool(against)

    def _rename(self, name, meant):
        names = [re.match(r"[A-Za-z0-9._-]*", line)[0] for line in self.requirements]
        if name not in map(normal, names):
            return False
        self.requirements = [line for line, found in zip(self.requirements, names) if normal(found) != name]
        if meant not in map(normal, names):
            self.requirements.append(meant)
        self.moved.add(name)
        self.notice("%s is only an old name of %s, which is taken instead." % (name, meant))
        return True
