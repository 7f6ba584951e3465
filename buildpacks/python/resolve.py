"""From requirements to a lock, in a stage that is thrown away: a setup.py may run here.

Writes into /srv/env/share/slipway: python.lock (what has a wheel), build.lock (what has to be built, or comes from a URL),
resolved-as-of, notices; what was built is installed under /srv/env, beside nothing else. Without compilers a failed
build leaves `compilers` there for the next stage, which has them, to go on. Standard library of Python 3.9 only.
"""

import argparse
import glob
import os
import re
import shutil
import sys

import locked
import pylock
from pins import Pins
from uv import Uv, download, normal, say, stop

LOCK = "/srv/env/share/slipway"
WANTED = os.path.join(LOCK, "compilers")


def options():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--python", required=True)
    for name in ("requirement", "constraint", "cutoff", "extra", "index-option"):
        parser.add_argument("--" + name, action="append", default=[])
    parser.add_argument("--locked", help="a file with the lines of a lock, which are taken as they are")
    parser.add_argument("--prereleases", action="store_true")
    parser.add_argument("--compilers", action="store_true")
    return parser.parse_args()


def write(name, lines):
    path = os.path.join(LOCK, name)
    with open(path, "w") as file:
        file.write("".join(line + "\n" for line in lines))
    return path


def name_of(requirement):
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return normal(found[0]) if found else ""


class Resolution:
    """The work for one day."""

    def __init__(self, uv, given):
        self.uv = uv
        self.given = given
        self.notices = []
        self.pins = Pins(uv, given.requirement, given.constraint, self.notice)

    def notice(self, message):
        if message not in self.notices:
            self.notices.append(message)
            say(message)

    def compile(self, requirements, constraints, *more):
        """(answer, packages) of one run of the resolver; files without a declared hash are left out."""
        output = os.path.join(LOCK, "pylock.toml")
        if os.path.exists(output):
            os.remove(output)
        arguments = ["pip", "compile", write("requirements.in", requirements)]
        arguments += ["-c", write("constraints.in", constraints)] if constraints else []
        arguments += ["--format", "pylock.toml", "--no-header", "--no-annotate", "-o", output, *more]
        answer = self.uv.ask({}, *arguments)
        packages = pylock.read(output) if answer.kind == "ok" else []
        for name in locked.hold(packages, requirements)[:1]:
            answer.kind, answer.package = "hash-mismatch", name
        return answer, packages

    def with_extras(self, declared):
        """Adds what a kernel needs; it never moves a version that the requirements led to, and at worst what they name."""
        requirements, constraints = self.pins.requirements, self.pins.constraints
        exact = ["%s==%s" % (package.name, package.version) for package in declared if package.source is None]
        names = {name_of(requirement) for requirement in requirements}
        loose = [pin for pin in exact if name_of(pin) in names]
        wanted = requirements + [extra for extra in self.given.extra if normal(extra) not in names]
        for pins in (exact, loose):
            answer, packages = self.compile(wanted, constraints + pins)
            if answer.kind not in ("no-solution", "not-found"):
                return answer, packages
        kept = list(requirements)
        packages = declared
        for extra in wanted[len(requirements):]:
            more, found = self.compile([*kept, extra], constraints + loose)
            if more.kind == "ok":
                kept.append(extra)
                packages = found
            elif more.kind == "upstream":
                return more, []
            elif extra == "ipykernel":
                return more, []
            else:
                self.notice("%s does not go with what is declared, and is left out." % extra)
        answer.kind = "ok"
        return answer, packages

    def resolve(self):
        """(answer, packages) as of the day that `uv.cutoff` says."""
        if self.given.locked:
            with open(self.given.locked) as file:
                return locked.resolve(self, file.read().splitlines())
        declared = []
        if self.pins.requirements:
            # What a kernel needs besides is of no pre-release; the exact versions of what is declared then let those in.
            pre = ["--prerelease", "allow"] if self.given.prereleases else []
            answer, declared = self.compile(self.pins.requirements, self.pins.constraints, *pre)
            self.warn(answer)
            if answer.kind != "ok":
                return answer, []
        return self.with_extras(declared)

    def warn(self, answer):
        for package in answer.refused[:10]:
            self.notice("uv refuses the metadata of %s, so another version may have been taken." % package)
        for package, why in sorted(answer.yanked.items())[:10]:
            self.notice("%s was withdrawn by its authors%s, and is taken because it is pinned." % (package, " (%s)" % why.strip(' "')[:150] if why else ""))


def build(uv, packages, python, is_last):
    """
    Builds what has no wheel, and installs it alone under /srv/env.
    is_last: what fails is not built again with compilers, so all that fail are wanted
    Returns the answer of the first failure, or of success, and the names of what failed.
    """
    versions = {package.name: package.version for package in packages if package.wheel}
    scratch = "/tmp/slipway-build"
    uv.run("venv", "--quiet", "--clear", scratch)
    uv.python, wheels, failed, first = scratch + "/bin/python", [], [], None
    for package in [package for package in packages if not package.wheel]:
        if re.match(r"https?://[^#]*\.whl(?:#|$)", package.source or ""):
            wheels.append(package.line())
            continue
        say("building %s" % (package.line().split(" --hash")[0]))
        answer = uv.ask(versions, "pip", "install", "--quiet", "--no-deps", "--reinstall", "-r", write("one.lock", [package.line()]))
        if answer.kind == "ok":
            wheels.append(built(package.name))
            continue
        first = first or answer
        failed.append(package.name)
        if answer.kind != "build-failed" or not is_last:
            break
    uv.python = python
    if first is not None:
        return first, failed
    uv.run("venv", "--quiet", "--allow-existing", "/srv/env")
    uv.python = "/srv/env/bin/python"
    answer = uv.run("pip", "install", "--quiet", "--no-deps", "-r", write("one.lock", wheels))
    uv.python = python
    leave_alone()
    return answer, []


def built(name):
    """The wheel that uv has just made of a package."""
    pattern = re.compile(r"^%s-[^/]*\.whl$" % name.replace("-", "[-_.]"), re.I)
    found = glob.glob("/tmp/slipway-uv/sdists-v*/**/*.whl", recursive=True)
    return max((path for path in found if pattern.match(os.path.basename(path))), key=os.path.getmtime)


def leave_alone():
    """Takes away what belongs to the virtual environment itself: the real one is made in a clean stage."""
    skeleton = ["pyvenv.cfg", "lib64", "CACHEDIR.TAG", ".gitignore", ".lock", "bin/activate*", "bin/deactivate*", "bin/python*", "bin/pydoc.bat"]
    for pattern in [*skeleton, "lib/python*/site-packages/_virtualenv.*"]:
        for path in glob.glob(os.path.join("/srv/env", pattern)):
            os.remove(path)


def day_of(cutoff):
    return cutoff[:10] if cutoff != "none" else "latest"


def finish(work, packages):
    day = day_of(work.uv.cutoff)
    write("python.lock", [package.line() for package in packages if package.wheel])
    write("build.lock", [package.line() for package in packages if not package.wheel])
    write("resolved-as-of", [day])
    write("notices", work.notices)
    for name in ("requirements.in", "constraints.in", "pylock.toml", "one.lock", "pin.in", "uv.toml", "compilers"):
        if os.path.exists(os.path.join(LOCK, name)):
            os.remove(os.path.join(LOCK, name))
    say("%d packages as of %s" % (len(packages), day))


def reason(answer):
    """Why a day will not do, in a few words."""
    if answer.kind == "build-failed":
        return "%s could not be built" % (answer.package or "a package")
    if answer.kind == "hash-mismatch":
        return "no file of %s has a hash that is declared for it" % answer.package
    if answer.kind == "not-found":
        return "there was no package %s" % answer.missing
    found = re.search(r"Because (.*?), we can conclude", " ".join(answer.text.split()))
    return found[1][:200] if found else "the requirements have no solution"


def fail(answer):
    if answer.kind == "upstream":
        stop(75, "the package index or a package's source did not answer; this is tried again as it is", answer)
    if answer.kind == "build-failed":
        stop(70, "%s could not be built" % (answer.package or "a package"), answer)
    if answer.kind == "hash-mismatch":
        stop(67, "no file of %s in the index has a hash that is declared for it" % answer.package, answer)
    if answer.kind == "not-found":
        stop(66, "there is no package %s in the index" % answer.missing, answer)
    if answer.kind == "no-solution":
        stop(65, "these requirements have no solution", answer)
    stop(64, "uv could not work on these requirements", answer)


def attempt(work, given):
    """One day: None when done, else the answer that speaks against it."""
    while True:
        answer, packages = work.resolve()
        failed = [normal(answer.package)] if answer.kind == "build-failed" and answer.package else []
        if answer.kind == "ok" and any(not package.wheel for package in packages):
            answer, failed = build(work.uv, packages, given.python, given.compilers)
        if answer.kind == "ok":
            finish(work, packages)
            return None
        if answer.kind == "build-failed" and not given.compilers:
            write("compilers", [answer.package or "?"])
            say("%s has to be compiled" % (answer.package or "a package"))
            return None
        if answer.kind not in ("build-failed", "no-solution") or not work.pins.move(answer, failed, os.path.join(LOCK, "pin.in")):
            return answer


def main():
    given = options()
    if given.compilers and not os.path.exists(WANTED):
        return
    shutil.rmtree("/tmp/slipway-uv", ignore_errors=True)
    with open(os.path.join(os.path.dirname(__file__), "dependency-metadata.toml")) as file:
        metadata = file.read()
    os.makedirs(LOCK, exist_ok=True)
    uv = Uv(given.python, LOCK, metadata, given.index_option)
    first = None
    for cutoff in given.cutoff:
        uv.cutoff = cutoff
        work = Resolution(uv, given)
        if first is not None:
            day = "of no day, the latest" if cutoff == "none" else "as of %s" % day_of(cutoff)
            work.notice("There is no environment as of %s (%s), so packages are %s." % (day_of(given.cutoff[0]), reason(first), day))
        verdict = attempt(work, given)
        if verdict is None:
            return
        if verdict.kind in ("upstream", "error"):
            fail(verdict)
        if first is not None and verdict.kind == "build-failed" == first.kind and verdict.package == first.package:
            break
        first = first or verdict
    fail(first)


main()
