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
from uv import Uv, download, normal, say, stop

LOCK = "/srv/env/share/slipway"
WANTED = os.path.join(LOCK, "compilers")


def options():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--python", required=True)
    for name in ("requirement", "constraint", "cutoff", "extra", "index-option"):
        parser.add_argument("--" + name, action="append", default=[])
    parser.add_argument("--locked", help="a file with the lines of a lock, which are taken as they are")
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
    def __init__(self, uv, given):
        self.uv = uv
        self.given = given
        self.notices = []

    def notice(self, message):
        self.notices.append(message)
        say(message)

    def compile(self, requirements, constraints, *more):
        """(answer, packages) of one run of the resolver; files without a declared hash are left out."""
        output = os.path.join(LOCK, "pylock.toml")
        if os.path.exists(output):
            os.remove(output)
        arguments = ["pip", "compile", write("requirements.in", requirements), "-c", write("constraints.in", constraints)]
        arguments += ["--format", "pylock.toml", "--no-header", "--no-annotate", "--quiet", "-o", output, *more]
        answer = self.uv.ask({}, *arguments)
        packages = pylock.read(output) if answer.kind == "ok" else []
        for name in locked.hold(packages, requirements)[:1]:
            answer.kind, answer.package = "hash-mismatch", name
        return answer, packages

    def with_extras(self, declared):
        """Adds what a kernel needs; it never moves a version that the requirements led to, and at worst what they name."""
        given = self.given
        exact = ["%s==%s" % (package.name, package.version) for package in declared if package.source is None]
        names = {name_of(requirement) for requirement in given.requirement}
        loose = [pin for pin in exact if name_of(pin) in names]
        wanted = given.requirement + [extra for extra in given.extra if normal(extra) not in names]
        for pins in (exact, loose):
            answer, packages = self.compile(wanted, given.constraint + pins)
            if answer.kind not in ("no-solution", "not-found"):
                return answer, packages
        kept = list(given.requirement)
        packages = declared
        for extra in wanted[len(given.requirement):]:
            more, found = self.compile([*kept, extra], given.constraint + loose)
            if more.kind == "ok":
                kept.append(extra)
                packages = found
            elif more.kind == "upstream":
                return more, []
            elif extra == "ipykernel":
                return more, []
            else:
                self.notice("%s does not go with what is declared, and is left out" % extra)
        answer.kind = "ok"
        return answer, packages

    def resolve(self):
        """(answer, packages) as of the day that `uv.cutoff` says."""
        if self.given.locked:
            with open(self.given.locked) as file:
                return locked.resolve(self, file.read().splitlines())
        declared = []
        if self.given.requirement:
            answer, declared = self.compile(self.given.requirement, self.given.constraint)
            self.warn(answer)
            if answer.kind != "ok":
                return answer, []
        return self.with_extras(declared)

    def warn(self, answer):
        for package in answer.refused[:10]:
            self.notice("uv refuses the metadata of %s, so another version may have been taken" % package)


def build(uv, packages, python):
    """Builds what has no wheel, and installs it alone under /srv/env; the answer of the first failure, or of success."""
    versions = {package.name: package.version for package in packages if package.wheel}
    todo = [package for package in packages if not package.wheel]
    scratch = "/tmp/slipway-build"
    answer = uv.run("venv", "--quiet", "--clear", scratch)
    uv.python, wheels = scratch + "/bin/python", []
    for package in todo:
        url = package.source or ""
        if re.match(r"https?://[^#]*\.whl(?:#|$)", url):
            wheels.append(package.line())
            continue
        say("building %s" % (package.line().split(" --hash")[0]))
        answer = uv.ask(versions, "pip", "install", "--quiet", "--no-deps", "--reinstall", "-r", write("one.lock", [package.line()]))
        if answer.kind != "ok":
            uv.python = python
            return answer
        name = package.name.replace("-", "[-_.]")
        pattern = re.compile(r"^%s-[^/]*\.whl$" % name, re.I)
        found = [path for path in glob.glob("/tmp/slipway-uv/sdists-v*/**/*.whl", recursive=True) if pattern.match(os.path.basename(path))]
        wheels.append(max(found, key=os.path.getmtime))
    uv.python = python
    answer = uv.run("venv", "--quiet", "--allow-existing", "/srv/env")
    uv.python = "/srv/env/bin/python"
    answer = uv.run("pip", "install", "--quiet", "--no-deps", "-r", write("one.lock", wheels))
    uv.python = python
    leave_alone()
    return answer


def leave_alone():
    """Takes away what belongs to the virtual environment itself: the real one is made in a clean stage."""
    skeleton = ["pyvenv.cfg", "lib64", "CACHEDIR.TAG", ".gitignore", ".lock", "bin/activate*", "bin/deactivate*", "bin/python*", "bin/pydoc.bat"]
    for pattern in [*skeleton, "lib/python*/site-packages/_virtualenv.*"]:
        for path in glob.glob(os.path.join("/srv/env", pattern)):
            os.remove(path)


def finish(work, packages):
    day = work.uv.cutoff[:10] if work.uv.cutoff != "none" else "latest"
    write("python.lock", [package.line() for package in packages if package.wheel])
    write("build.lock", [package.line() for package in packages if not package.wheel])
    write("resolved-as-of", [day])
    write("notices", work.notices)
    for name in ("requirements.in", "constraints.in", "pylock.toml", "one.lock", "uv.toml", "compilers"):
        if os.path.exists(os.path.join(LOCK, name)):
            os.remove(os.path.join(LOCK, name))
    say("%d packages as of %s" % (len(packages), day))


def fail(answer, given):
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
    """One day: True when done, else the answer that speaks against it."""
    answer, packages = work.resolve()
    if answer.kind == "ok" and any(not package.wheel for package in packages):
        answer = build(work.uv, packages, given.python)
    if answer.kind == "ok":
        finish(work, packages)
        return True
    if answer.kind == "build-failed" and not given.compilers:
        write("compilers", [answer.package or "?"])
        say("%s has to be compiled" % (answer.package or "a package"))
        return True
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
    work = Resolution(uv, given)
    first = None
    for cutoff in given.cutoff:
        uv.cutoff = cutoff
        verdict = attempt(work, given)
        if verdict is True:
            return
        if verdict.kind in ("upstream", "error"):
            fail(verdict, given)
        if first is not None and verdict.kind == "build-failed" == first.kind and verdict.package == first.package:
            break
        first = first or verdict
        work.notices.append("as of %s: %s" % (cutoff, verdict.kind))
        say("no environment as of %s (%s); trying a later day" % (cutoff[:10], verdict.kind.replace("-", " ")))
    fail(first, given)


main()
