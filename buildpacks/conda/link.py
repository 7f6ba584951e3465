"""Installs exactly the lock's packages into /srv/env. The shared cache may be mounted, so none of their code runs here."""

import asyncio
import json
import os

from solver import UPSTREAM, Solver, ending, read, record, stop


def locked():
    path = "/srv/env/share/slipway/conda.lock"
    if os.path.islink(path) or not os.path.isfile(path):
        stop(64, "the lock is no file")
    try:
        return [record(text) for text in read("conda.lock").splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        stop(64, "the lock has lines that are no lock's: %s" % error)


async def main():
    environment = json.loads(read("conda.json"))
    try:
        await Solver(environment).install(locked(), [spec["spec"] for spec in environment["specs"]])
    except Exception as error:
        text = str(error)
        if UPSTREAM.search(text):
            stop(75, "a channel did not answer; this is tried again as it is", text)
        stop(64, "a package could not be installed", text)


ending(lambda: asyncio.run(main()))
