"""The `pip:` section, and what a kernel needs that no channel has, by uv (by the environment's own pip where that is older than uv
knows) into /srv/env as of the same day. What conda brought stays as it is, unless the section names it. Writes python.lock
(empty) and build.lock: what came from the index. An environment without Python has none of these, and fails when its section is not empty.

No cache is mounted, as a setup.py may run here.
"""

import importlib.metadata
import glob
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.append("/usr/local/lib/slipway")

from old_pip import OldPip, old_line
from uv import Uv, normal, say, stop

SHARE = "/srv/env/share/slipway"
PYTHON = "/srv/env/bin/python"


def read(name):
    with open(os.path.join(SHARE, name)) as file:
        return file.read()


def write(name, lines):
    path = os.path.join(SHARE, name)
    with open(path, "w") as file:
        file.write("".join(line + "\n" for line in lines))
    return path


def installed():
    """Name → version of the Python packages that are there."""
    found = importlib.metadata.distributions(path=glob.glob("/srv/env/lib/python*/site-packages"))
    return {normal(one.metadata["Name"]): one.version for one in found if one.metadata["Name"]}


def notice(message):
    with open(os.path.join(SHARE, "notices"), "a") as file:
        file.write(message + "\n")
    say(message)


def runs_of(section, extras, apart=lambda line: False):
    """(words, lines) of each install there is. What a lock needs is in it; `apart`: of lines that go with no others."""
    words, asked = ["--no-deps"] if section.get("locked") else [], section["requirements"]
    first = [line for line in asked if apart(line)]
    others = [line for line in asked if not apart(line)]
    runs = [(words, first), (words, others), ([], extras)] if words else [([], first), ([], others + extras)]
    return [run for run in runs if run[1]]


def by_uv(section, extras):
    """(cut-off, file of constraints) → what uv's installing came to."""
    with open("/usr/local/lib/slipway/dependency-metadata.toml") as file:
        uv = Uv(PYTHON, "/tmp", file.read(), section["indexOptions"])
    always = ["pip", "install", "--break-system-packages"]
    always += ["--prerelease", "allow"] if section.get("prereleases") else []

    def ask(cutoff, constraints):
        uv.cutoff = cutoff
        for words, lines in runs_of(section, extras):
            answer = uv.ask(installed(), *always, *words, "-r", write("requirements.in", lines), "-c", constraints)
            if answer.kind != "ok":
                break
        return answer

    return ask


def by_old_pip(section, extras):
    """The same where uv does not know the Python."""
    pip = OldPip(PYTHON, section)

    def ask(cutoff, constraints):
        # It wants a hash for each line or for none.
        for words, lines in runs_of(section, extras, lambda line: "--hash" in line):
            answer = pip.install(cutoff, [*words, "-r", write("requirements.in", map(old_line, lines)), "-c", constraints])
            if answer.kind != "ok":
                return answer
        if pip.undated and cutoff != "none":
            notice("the package index has no days of uploads: what pip installs is as of today")
        return answer

    return ask


def settle(ask, section, kept, cutoffs):
    """Beside what conda brought, on the first day that has a solution; else with other versions of it."""
    held = write("held.in", section["constraints"] + kept)
    free = write("free.in", section["constraints"])
    first = None
    for constraints, days in ((held, cutoffs), (free, cutoffs[:1])):
        for day in days:
            answer = ask(day, constraints)
            if answer.kind == "ok":
                if day != cutoffs[0]:
                    notice("what pip installs has no solution as of %s; it is as of %s" % (cutoffs[0][:10], "today" if day == "none" else day[:10]))
                if constraints == free:
                    notice("what pip installs asks for other versions than conda brought; they are moved for it")
                return
            if answer.kind not in ("no-solution", "not-found"):
                fail(answer)
            first = first or answer
    fail(first)


def fail(answer):
    if answer.kind == "upstream":
        stop(75, "the package index or a package's source did not answer; this is tried again as it is", answer)
    if answer.kind == "hash-mismatch":
        stop(67, "no file of %s in the index has a hash that is declared for it" % answer.package, answer)
    if answer.kind == "build-failed":
        stop(70, "%s could not be built" % (answer.package or "a package"), answer)
    stop(65, "what pip installs has no solution beside what conda brought", answer)


def main():
    environment = json.loads(read("conda.json"))
    section, before = environment["pip"], installed()
    if not os.path.exists(PYTHON):
        if section["requirements"]:
            stop(65, "the pip section needs Python, and nothing in the environment brings it")
        return
    named = {normal(re.match(r"[A-Za-z0-9._-]*", line)[0]) for line in section["requirements"]}
    extras = [name for name in read("extras").split() if normal(name) not in named]
    kept = ["%s==%s" % found for found in sorted(before.items()) if found[0] not in named]
    if section["requirements"] or extras:
        day = read("resolved-as-of").strip()
        later = [cutoff for cutoff in environment["cutoffs"] if cutoff == "none" or cutoff[:10] >= day] if day != "latest" else ["none"]
        version = subprocess.run([PYTHON, "-c", "import sys; print('%d %d' % sys.version_info[:2])"], stdout=subprocess.PIPE, text=True)
        is_old = tuple(map(int, version.stdout.split())) < (3, 6)
        settle((by_old_pip if is_old else by_uv)(section, extras), section, kept, later)
    added = ["%s==%s" % found for found in sorted(installed().items()) if before.get(found[0]) != found[1]]
    write("python.lock", [])
    write("build.lock", added)
    write("constraints", ["%s==%s" % found for found in sorted(installed().items())])
    for path in glob.glob(SHARE + "/*.in") + glob.glob("/tmp/uv.toml"):
        os.remove(path)
    shutil.rmtree("/tmp/slipway-uv", ignore_errors=True)


main()
