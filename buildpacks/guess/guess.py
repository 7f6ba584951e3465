"""Which packages that are guessed go with an environment, in a stage that is thrown away: a setup.py may run here.

Writes into /srv/env/share/slipway/guessed: guessed.lock (wheels only), notices. Nothing that is installed moves, and
what has no solution as of the day, or no wheel, is left out and told. Standard library of Python 3.9 only.
"""

import glob
import importlib.metadata
import os
import re
import sys

sys.path.insert(0, "/usr/local/lib/slipway")
import pylock  # noqa: E402
from uv import Uv, normal, say, stop  # noqa: E402

SHARE = "/srv/env/share/slipway"
OUTPUT = os.path.join(SHARE, "guessed")


def write(name, lines):
    path = os.path.join(OUTPUT, name)
    with open(path, "w") as file:
        file.write("".join(line + "\n" for line in lines))
    return path


def site_packages():
    return glob.glob("/srv/env/lib/python3*/site-packages")


def installed():
    """Name → version of what is there, read from its metadata: nothing of it is run."""
    found = {}
    for one in importlib.metadata.distributions(path=site_packages()):
        try:
            name, version = str(one.metadata["Name"]), str(one.version)
        except (KeyError, OSError, TypeError, ValueError):
            # A folder that only looks like one.
            continue
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) and re.fullmatch(r"[0-9][A-Za-z0-9.!+_-]*", version):
            found[normal(name)] = version
    return found


def has_module(dotted):
    """Whether a module is there, whoever brought it; a folder of data is none."""
    for folder in site_packages():
        path = os.path.join(folder, *dotted.split("."))
        beside = [path + ".py", *glob.glob(glob.escape(path) + ".*so")]
        inside = (name for _, _, names in os.walk(path) for name in names)
        if any(map(os.path.isfile, beside)) or any(name.endswith((".py", ".so")) for name in inside):
            return True
    return False


class Guess:
    """A word `name:import,…:package,…`: what it is imported as, and the packages that bring the same."""

    def __init__(self, word):
        self.name, modules, same = word.split(":")
        self.modules = modules.split(",")
        self.same = {normal(name) for name in same.split(",")}

    def is_there(self, there):
        if normal(self.name) in there:
            return True
        found = sorted(self.same.intersection(there)) or [module for module in self.modules if has_module(module)]
        if found:
            say("%s was a guess and is not needed: %s is there" % (self.name, found[0]))
        return bool(found)


def cutoff(day):
    """The day that the environment is really of; the plan's own where it does not say."""
    try:
        with open(os.path.join(SHARE, "resolved-as-of")) as file:
            day = file.read().strip() or day
    except OSError:
        pass
    return "none" if day == "latest" else day + "T23:59:59Z"


class Guessing:
    def __init__(self, uv, there):
        self.uv = uv
        self.there = there
        self.notices = []

    def lock(self, names):
        """(answer, packages to add) for some guesses together; packages without a wheel are an answer, too."""
        output = os.path.join(OUTPUT, "pylock.toml")
        if os.path.exists(output):
            os.remove(output)
        pins = ["%s==%s" % pair for pair in sorted(self.there.items())]
        arguments = ["pip", "compile", write("guesses.in", names), "-c", write("installed.in", pins)]
        arguments += ["--format", "pylock.toml", "--no-header", "--no-annotate", "--quiet", "-o", output]
        answer = self.uv.ask({}, *arguments)
        if answer.kind != "ok":
            return answer, []
        return answer, [package for package in pylock.read(output) if package.name not in self.there]

    def leave_out(self, name, answer, packages):
        built = [package.name for package in packages if not package.wheel]
        if answer.kind == "not-found":
            why = "there is no package of that name"
        elif answer.kind == "ok":
            why = "%s would have to be built" % ", ".join(built)
        elif answer.kind == "build-failed":
            why = "%s could not be built" % (answer.package or "something that it needs")
        else:
            why = "no version of that day goes with the environment"
        self.tell(name, why)

    def tell(self, name, why):
        self.notices.append("%s was a guess and is left out: %s" % (name, why))
        say(self.notices[-1])

    def fitting(self, names):
        """(names, packages to add). All at once is the usual end; else each that goes with those before it."""
        answer, packages = self.lock(names)
        if answer.kind == "ok" and all(package.wheel for package in packages):
            return names, packages
        kept, chosen = [], []
        for name in names:
            answer, packages = self.lock([*kept, name])
            if answer.kind == "upstream":
                stop(75, "the package index did not answer; this is tried again as it is", answer)
            if answer.kind == "ok" and all(package.wheel for package in packages):
                kept, chosen = [*kept, name], packages
            else:
                self.leave_out(name, answer, packages)
        return kept, chosen

    def decide(self, guesses):
        """The packages to add: no guess for which another brings a package with the same modules."""
        while guesses:
            names, packages = self.fitting([guess.name for guess in guesses])
            brought = {normal(package.name) for package in packages}
            kept = [guess for guess in guesses if guess.name in names and not guess.same & brought]
            if len(kept) == len(names):
                return packages
            guesses = kept
        return []


def main():
    day, guesses = sys.argv[1], [Guess(word) for word in sys.argv[2:]]
    os.makedirs(OUTPUT, exist_ok=True)
    with open("/usr/local/lib/slipway/dependency-metadata.toml") as file:
        uv = Uv("/srv/env/bin/python", OUTPUT, file.read(), [])
    uv.cutoff = cutoff(day)
    there = installed()
    # An environment of R, or of tools, may have no Python, or one before 3.6, which uv does not know
    # (conda's from 3.10 on have a lib/python3.1 beside theirs).
    is_ancient = bool(glob.glob("/srv/env/lib/python2.*") + glob.glob("/srv/env/lib/python3.[2-5]"))
    has_python = os.path.exists("/srv/env/bin/python") and not is_ancient
    guessing = Guessing(uv, there)
    missing = [guess for guess in guesses if not guess.is_there(there)]
    if not has_python:
        for guess in missing:
            guessing.tell(guess.name, "the environment has no Python that it could be added to")
    packages = guessing.decide(missing) if has_python else []
    write("guessed.lock", [package.line() for package in packages])
    write("notices", guessing.notices)
    for name in ("guesses.in", "installed.in", "pylock.toml", "uv.toml"):
        if os.path.exists(os.path.join(OUTPUT, name)):
            os.remove(os.path.join(OUTPUT, name))
    say("%d packages added as a guess, of %s" % (len(packages), uv.cutoff[:10]))


main()
