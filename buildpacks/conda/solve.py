"""From an environment's specs to its lock, as of a day, in a stage that is thrown away. Nobody's code runs here.

Reads /srv/env/share/slipway/conda.json, which comes from the plan; writes conda.lock (a record a line), resolved-as-of,
notices and extras (what a kernel needs that no channel gives, left to PyPI) beside it.
"""

import asyncio
import json
import re

from rattler import MatchSpec
from rattler.exceptions import SolverError

from locked import records
from solver import UPSTREAM, Solver, ending, line, moment, read, say, stop, write

OTHERS = ["osx-64", "osx-arm64", "win-64"]


class Resolution:
    def __init__(self, environment):
        self.solver = Solver(environment)
        self.environment = environment
        self.specs = environment["specs"]
        self.notices = []
        self.left = []

    def notice(self, message):
        self.notices.append(message)
        say(message)

    async def drop_foreign(self):
        """A name that only other platforms have is one that an export brought along; one that nobody has is a mistake."""
        names = {spec["name"] for spec in self.specs}
        missing = names - await self.solver.known(sorted(names), [self.solver.platform, "noarch"])
        foreign = missing and await self.solver.known(sorted(missing), OTHERS)
        channels = ", ".join(self.environment["channels"])
        unknown = sorted(missing - set(foreign or ()))
        if unknown:
            stop(66, "there is no conda package %s in %s" % (", ".join(unknown), channels))
        for name in sorted(missing):
            self.notice("%s is left out: %s has no package of it for %s" % (name, channels, self.solver.platform))
        self.specs = [spec for spec in self.specs if spec["name"] not in missing]

    async def candidates(self, cutoff="none"):
        """Name → the records that its spec allows, as of a day; and all records of these names."""
        work = self.solver
        names = [spec["name"] for spec in self.specs]
        found = await work.gateway.query(work.channels, [work.platform, "noarch"], names, recursive=False, channel_relations="disabled")
        day = moment(cutoff)
        records = [record for some in found for record in some if day is None or record.timestamp is None or record.timestamp <= day]
        matches = lambda text, record: MatchSpec(text).matches(record)
        return {spec["name"]: [one for one in records if matches(spec["spec"], one)] for spec in self.specs}, records

    async def at(self, cutoff, loose):
        """Records as of a day, with what a kernel needs; raises SolverError when the specs have no solution."""
        specs = [spec["loosened" if spec["name"] in loose else "spec"] for spec in self.specs]
        declared = await self.solver.solve(specs, cutoff)
        return await self.with_extras(specs, declared, cutoff)

    async def of_lock(self):
        """What the repository's own lock names; what a kernel needs is added beside it, or left to PyPI."""
        declared = await records(self.solver, self.environment["locked"])
        extras = self.missing(declared)
        if not extras:
            return declared
        specs = ["%s ==%s" % (record.name.normalized, record.version) for record in declared]
        try:
            return await self.solver.solve(specs + extras, self.environment["cutoffs"][0], pinned_packages=declared)
        except SolverError:
            self.left = extras
            return declared

    def missing(self, declared):
        present = {record.name.normalized for record in declared}
        return [name for name in self.environment["extras"] if name not in present] if "python" in present else []

    async def with_extras(self, specs, declared, cutoff):
        """Adds what a kernel needs; it never moves a version that the specs led to, and at worst what they name."""
        extras = self.missing(declared)
        if not extras:
            return declared
        asked = {spec["name"] for spec in self.specs} | {"python"}
        loose = ["%s ==%s" % (record.name.normalized, record.version) for record in declared if record.name.normalized in asked]
        for more in ({"pinned_packages": declared}, {"locked_packages": declared, "constraints": loose}):
            try:
                return await self.solver.solve(specs + extras, cutoff, **more)
            except SolverError:
                pass
        kept = []
        for extra in extras:
            try:
                declared = await self.solver.solve(specs + kept + [extra], cutoff, locked_packages=declared, constraints=loose)
                kept.append(extra)
            except SolverError:
                self.left.append(extra)
        return declared

    def finish(self, records, cutoff, loose):
        day = "latest" if cutoff == "none" else cutoff[:10]
        for spec in self.specs:
            if spec["name"] in loose and not any(MatchSpec(spec["spec"]).matches(record) for record in records):
                self.notice(spec["notice"])
        write("conda.lock", sorted(line(record) for record in records))
        write("resolved-as-of", [day])
        write("notices", self.notices)
        write("extras", self.left)
        say("%d conda packages as of %s" % (len(records), day))


async def solve(work):
    """Exact versions first, later days next; only what is proven to have no solution moves either. Versions that do not exist
    are loosened before those that do."""
    cutoffs = work.environment["cutoffs"]
    exact = {spec["name"] for spec in work.specs if spec["loosened"] != spec["spec"]}
    found, _ = await work.candidates(cutoffs[0])
    missing = {name for name in exact if not found[name]}
    levels = [set()]
    for loose in (missing, exact):
        if loose not in levels:
            levels.append(loose)
    first = None
    for loose in levels:
        for cutoff in cutoffs:
            try:
                records = await work.at(cutoff, loose)
            except SolverError as error:
                first = first or str(error)
                say("no environment as of %s%s: %s" % ("today" if cutoff == "none" else cutoff[:10], " with other versions" if loose else "", reason(error)))
                continue
            if cutoff != cutoffs[0]:
                work.notice("as of %s there is no solution (%s)" % (cutoffs[0][:10], reason(first)))
            return work.finish(records, cutoff, loose)
    await explain(work, first)


def reason(error):
    """What rattler says, as one line."""
    text = re.sub("Cannot solve the request because of:|The following packages are incompatible|[└├│─]", " ", str(error))
    return " ".join(text.split())[:300].rstrip(".")


async def explain(work, first):
    found, records = await work.candidates()
    never = [spec for spec in work.specs if not found[spec["name"]]]
    for spec in never:
        known = sorted({record.version for record in records if record.name.normalized == spec["name"]})
        say("of %s there is %s" % (spec["name"], ", ".join(map(str, known[-12:]))))
    if never:
        names = ", ".join(spec["spec"] for spec in never)
        stop(66, "there is no conda package %s in %s" % (names, ", ".join(work.environment["channels"])))
    stop(65, "these packages have no solution", "No solution found when resolving the conda environment:\n%s" % first)


async def main():
    work = Resolution(json.loads(read("conda.json")))
    try:
        if "locked" in work.environment:
            work.finish(await work.of_lock(), work.environment["cutoffs"][0], set())
        else:
            await work.drop_foreign()
            await solve(work)
    except Exception as error:
        text = str(error)
        if UPSTREAM.search(text):
            stop(75, "a channel did not answer; this is tried again as it is", text)
        stop(66, "a channel could not be read", text)


ending(lambda: asyncio.run(main()))
