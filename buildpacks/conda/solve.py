"""From an environment's specs to its lock, as of a day, in a stage that is thrown away. Nobody's code runs here.

Reads /srv/env/share/slipway/conda.json, which comes from the plan; writes conda.lock (a record a line), resolved-as-of,
notices and extras (what a kernel needs that no channel gives, left to PyPI) beside it.
"""

import asyncio
import json

from rattler.exceptions import SolverError

from solver import UPSTREAM, Solver, line, read, say, stop, write

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

    async def at(self, cutoff, loosened):
        """Records as of a day, with what a kernel needs; raises SolverError when the specs have no solution."""
        specs = [spec["loosened" if loosened else "spec"] for spec in self.specs]
        declared = await self.solver.solve(specs, cutoff)
        if all(record.name.normalized != "python" for record in declared):
            return declared
        return await self.with_extras(specs, declared, cutoff)

    async def with_extras(self, specs, declared, cutoff):
        """Adds what a kernel needs; it never moves a version that the specs led to, and at worst what they name."""
        present = {record.name.normalized for record in declared}
        extras = [name for name in self.environment["extras"] if name not in present]
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

    def finish(self, records, cutoff, loosened):
        day = "latest" if cutoff == "none" else cutoff[:10]
        if loosened:
            for spec in self.specs:
                if spec["notice"]:
                    self.notice(spec["notice"])
        write("conda.lock", sorted(line(record) for record in records))
        write("resolved-as-of", [day])
        write("notices", self.notices)
        write("extras", self.left)
        say("%d conda packages as of %s" % (len(records), day))


async def solve(work):
    """Exact versions first, later days next; only what is proven to have no solution moves either."""
    first = None
    can_loosen = any(spec["loosened"] != spec["spec"] for spec in work.specs)
    for loosened in [False, True] if can_loosen else [False]:
        for cutoff in work.environment["cutoffs"]:
            try:
                return work.finish(await work.at(cutoff, loosened), cutoff, loosened)
            except SolverError as error:
                first = first or str(error)
                say("no environment as of %s%s" % (cutoff[:10], " with other versions" if loosened else ""))
                if cutoff == work.environment["cutoffs"][0]:
                    work.notices.append("as of %s: no-solution" % cutoff)
    stop(65, "these packages have no solution", "No solution found when resolving the conda environment:\n%s" % first)


async def main():
    work = Resolution(json.loads(read("conda.json")))
    try:
        await work.drop_foreign()
        await solve(work)
    except Exception as error:
        text = str(error)
        if UPSTREAM.search(text):
            stop(75, "a channel did not answer; this is tried again as it is", text)
        stop(66, "a channel could not be read", text)


asyncio.run(main())
