"""Environments as the command `conda` sees them: /srv/env, which is `notebook`, and those that it made itself."""

import glob
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile

import rattler
from rattler.exceptions import SolverError

import solver
from solver import Solver

CAPTION = ("# Name", "Version", "Build", "Channel")
ENVS = "/srv/conda/envs"


def short(url):
    return (url or "").rstrip("/").replace(solver.PUBLIC + "/", "")


def declared(path):
    """Name, channels, specs and pip's lines of an environment.yml; the server's Python has what reads YAML."""
    script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    done = subprocess.run(["/srv/jupyter/bin/python", "-c", script, path], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit("conda: %s could not be read" % path)
    said = json.loads(done.stdout) or {}
    items = said.get("dependencies") or []
    pip = [line for item in items if isinstance(item, dict) for line in item.get("pip") or []]
    channels = [name for name in said.get("channels") or [] if isinstance(name, str) and name != "nodefaults"]
    return said.get("name"), channels, [item for item in items if isinstance(item, str)], [str(line) for line in pip if line]


def by_pip(prefix, path, lines):
    """Installs lines of a pip section as what they are, a requirements file, beside the file that they stand in: paths in them
    start there."""
    folder = os.path.dirname(os.path.abspath(path))
    place = folder if os.access(folder, os.W_OK) else None
    with tempfile.NamedTemporaryFile("w", prefix=".conda-", suffix=".requirements.txt", dir=place) as file:
        file.write("".join(line + "\n" for line in lines))
        file.flush()
        command = ["uv", "pip", "install", "--python", prefix.path + "/bin/python", "-r", file.name]
        return subprocess.run(command, cwd=folder).returncode


class Prefix:
    def __init__(self, path):
        self.path = path
        self.name = "notebook" if path == solver.PREFIX else os.path.basename(path)
        self.environment = json.loads(solver.read("conda.json"))
        self.channels = self.environment["channels"]
        self.platform = self.environment["platform"]
        self.day = solver.read("resolved-as-of").strip()

    @classmethod
    def of(cls, given, create=False):
        """The one that the command line names, else the active one."""
        active = os.environ.get("CONDA_PREFIX") or solver.PREFIX
        path = given.prefix or (given.name and os.path.join(ENVS, given.name)) or active
        if given.name in ("base", "root", "notebook") or os.path.realpath(path) == solver.PREFIX:
            path = solver.PREFIX
        if not create and not os.path.isdir(path):
            sys.exit("conda: there is no environment %s" % path)
        return cls(os.path.abspath(path))

    @classmethod
    def all(cls):
        made = [path for path in sorted(glob.glob(ENVS + "/*")) if os.path.isdir(path + "/conda-meta") and not os.path.islink(path)]
        return [cls(path) for path in [solver.PREFIX, *made]]

    def installed(self):
        """Name → record of every conda package."""
        records = [rattler.PrefixRecord.from_path(path) for path in sorted(glob.glob(self.path + "/conda-meta/*.json"))]
        return {record.name.normalized: record for record in records}

    def requested(self):
        """Name → spec of what somebody has asked for."""
        return {name: spec for name, record in self.installed().items() for spec in (record.requested_specs or [])[:1]}

    def rows(self):
        records = self.installed()
        found = [(name, str(record.version), str(record.build), short(record.channel)) for name, record in records.items()]
        here = glob.glob(self.path + "/lib/python*/site-packages")
        for one in importlib.metadata.distributions(path=here):
            name = (one.metadata["Name"] or "").lower()
            if name and (one.read_text("INSTALLER") or "").strip() in ("pip", "uv") and name.replace("_", "-") not in records:
                found.append((name, one.version, "pypi_0", "pypi"))
        return sorted(found)

    def export(self, without_builds, requested):
        lines = ["name: " + self.name, "channels:", *("  - " + name for name in self.channels), "dependencies:"]
        rows = self.rows()
        if requested:
            lines += ["  - " + spec for spec in self.requested().values()]
        else:
            lines += ["  - " + "=".join(row[:2] if without_builds else row[:3]) for row in rows if row[3] != "pypi"]
        pip = ["      - %s==%s" % row[:2] for row in rows if row[3] == "pypi"]
        return "\n".join(lines + (["  - pip:", *pip] if pip else []) + ["prefix: " + self.path]) + "\n"

    def solver(self, channels, specs=()):
        """These channels before the environment's own, which are also what `defaults` stands for; last those that a spec alone
        names."""
        last = [re.sub(r"/(noarch|linux-[a-z0-9]+)$", "", spec.rpartition("::")[0]) for spec in specs if "::" in spec]
        named = [one for name in channels for one in (self.channels if name == "defaults" else [name])]
        known = {}
        for name in [*named, *self.channels, *last]:
            known.setdefault(short(name), name)
        return Solver(dict(self.environment, channels=list(known.values())))

    async def search(self, specs, channels):
        work = self.solver(channels, specs)
        wanted = [rattler.MatchSpec(spec) for spec in specs]
        cutoff = solver.moment(self.cutoff())
        found = await work.gateway.query(work.channels, [self.platform, "noarch"], wanted, recursive=False, channel_relations="disabled")
        records = sorted((record for records in found for record in records), key=lambda record: (record.version, record.build_number))
        dated = [one for one in records if cutoff is None or one.timestamp is None or one.timestamp <= cutoff]
        return [(one.name.normalized, str(one.version), str(one.build), short(one.channel)) for one in dated if any(spec.matches(one) for spec in wanted)]

    def cutoff(self):
        return "none" if self.day == "latest" else self.day + "T23:59:59Z"

    async def change(self, specs, channels, drop, free, dry_run, alone):
        """Lines that tell what became of it."""
        before = self.installed()
        names = {rattler.MatchSpec(spec).name.normalized for spec in specs}
        gone, moved = with_dependents(before, set(drop)), names | set(free)
        asked = [spec for name, spec in self.requested().items() if name not in gone | moved] + specs
        work = self.solver(channels, asked)
        # All that is there stays, if not in its version; Python keeps its series, as what pip installed stands in its folder.
        held = [name for name in before if name not in gone]
        if "python" in held and "python" not in moved:
            held.append("python %s.*" % ".".join(str(before["python"].version).split(".")[:2]))
        wanted, locked = asked + held, [record for name, record in before.items() if name not in gone | moved]
        lines = []
        try:
            records = await work.solve(wanted, self.cutoff(), locked_packages=locked)
        except SolverError:
            if self.day == "latest":
                raise
            records = await work.solve(wanted, "none", locked_packages=locked)
            lines.append("As of %s, the day of this environment, that has no solution: packages are today's." % self.day)
        if alone:
            records = [*locked, *(record for record in records if record.name.normalized in names)]
        lines += told(before, records)
        if not dry_run:
            await work.install(records, asked, self.path)
            fresh = [record.name.normalized for record in records if before.get(record.name.normalized) is None]
            # Without names it would run the scripts of all that is there.
            if fresh:
                subprocess.run(["slipway-post-link", self.path, *fresh])
        return lines


def with_dependents(records, names):
    """The names, and those of all packages that need one of them."""
    while True:
        needs = {name for name, record in records.items() if names & {one.split()[0] for one in record.depends}}
        if needs <= names:
            return names
        names = names | needs


def told(before, records):
    after = {record.name.normalized: record for record in records}
    lines = []
    for name in sorted(set(before) | set(after)):
        old, new = before.get(name), after.get(name)
        if old is None:
            lines.append("  + %-28s %s" % (name, new.version))
        elif new is None:
            lines.append("  - %-28s %s" % (name, old.version))
        elif (str(old.version), str(old.build)) != (str(new.version), str(new.build)):
            lines.append("  ~ %-28s %s -> %s" % (name, old.version, new.version))
    return lines or ["All requested packages are there already."]
