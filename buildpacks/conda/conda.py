"""`conda` and `mamba` in a session and in postBuild: what notebooks and scripts do with them, over rattler. Packages come from
the environment's own channels, as of its own day. `conda activate` is a function of the shell (conda.sh).
"""

import argparse
import asyncio
import json
import os
import sys

import rattler
from rattler.exceptions import SolverError

import prefixes
from prefixes import CAPTION, Prefix
from solver import PUBLIC, UPSTREAM, ending

VERSION = "24.7.1"


def stop(message):
    print("conda: " + message, file=sys.stderr)
    sys.exit(1)


def changed(prefix, specs, given, drop=(), free=()):
    """Solves what is wanted now and makes it so. `drop`: names that go; `free`: names that may move."""
    channels = list(given.channel or [])
    try:
        work = prefix.change(specs, channels, drop, free, given.dry_run, given.no_deps)
        for line in asyncio.run(work):
            if not given.quiet:
                print(line, flush=True)
    except SolverError as error:
        stop("these packages have no solution:\n%s" % error)
    except rattler.exceptions.InvalidMatchSpecError as error:
        stop("this is no package: %s" % error)
    except Exception as error:
        told = "a channel did not answer" if UPSTREAM.search(str(error)) else "it failed"
        stop("%s:\n%s" % (told, error))


def specs_of(given):
    found = list(given.specs)
    for path in given.file or []:
        if path.endswith((".yml", ".yaml")):
            stop("%s: use conda env update --file %s" % (path, path))
        with open(path) as file:
            found += [line.strip() for line in file if line.strip() and line.strip()[0] not in "#@"]
    return found


def install(given):
    prefix = Prefix.of(given)
    specs = specs_of(given)
    if not specs:
        stop("name a package to install")
    changed(prefix, specs, given)


def create(given):
    prefix = Prefix.of(given, create=True)
    if os.path.isdir(prefix.path + "/conda-meta") and not given.yes:
        stop("%s is there already" % prefix.path)
    changed(prefix, specs_of(given), given)
    print("To activate it: conda activate %s" % prefix.name)


def remove(given):
    prefix = Prefix.of(given)
    if given.all:
        if prefix.path == "/srv/env":
            stop("the session's own environment cannot be removed")
        changed(prefix, [], given, drop=list(prefix.installed()))
        return
    missing = [name for name in given.specs if name not in prefix.installed()]
    if missing:
        stop("not installed: %s" % ", ".join(missing))
    changed(prefix, [], given, drop=given.specs)


def update(given):
    prefix = Prefix.of(given)
    names = list(prefix.installed()) if given.all else [name for name in given.specs if name not in ("conda", "mamba")]
    changed(prefix, [name for name in names if not given.all], given, free=names)


def listing(given):
    prefix = Prefix.of(given)
    rows = [row for row in prefix.rows() if not given.specs or given.specs[0] in row[0]]
    if given.json:
        print(json.dumps([dict(zip(("name", "version", "build_string", "channel"), row)) for row in rows], indent=2))
        return
    print("# packages in environment at %s:\n#" % prefix.path)
    print("%-28s %-16s %-24s %s" % CAPTION)
    for row in rows:
        print(("%-28s %-16s %-24s %s" % row).rstrip())


def environments(given):
    command, arguments = (given.specs or ["list"])[0], given.specs[1:]
    if command == "list":
        print("# conda environments:\n#")
        for prefix in Prefix.all():
            print("%-20s %s %s" % (prefix.name, "*" if prefix.path == os.environ.get("CONDA_PREFIX") else " ", prefix.path))
    elif command == "export":
        print(Prefix.of(given).export(given.no_builds, given.from_history), end="")
    elif command in ("update", "create"):
        [path] = given.file or arguments[:1] or ["environment.yml"]
        name, channels, specs, pip = prefixes.declared(path)
        if command == "create" and not given.name and not given.prefix:
            given.name = name
        prefix = Prefix.of(given, create=command == "create")
        given.channel = [*(given.channel or []), *channels]
        changed(prefix, specs, given)
        if pip and not given.dry_run:
            sys.exit(prefixes.by_pip(prefix, path, pip))
    else:
        stop("conda env %s is not here; list, export, create and update are" % command)


def search(given):
    prefix = Prefix.of(given)
    try:
        rows = asyncio.run(prefix.search(given.specs, list(given.channel or [])))
    except Exception as error:
        stop("a channel could not be read:\n%s" % error)
    if not rows:
        stop("no channel has %s" % " ".join(given.specs))
    print("%-28s %-16s %-24s %s" % CAPTION)
    for row in rows:
        print("%-28s %-16s %-24s %s" % row)


def info(given):
    active = os.environ.get("CONDA_PREFIX", "/srv/env")
    prefix = Prefix(active)
    said = {
        "active environment": prefix.name, "active env location": active, "root_prefix": "/srv/conda",
        "conda_version": "%s (Slipway's, over rattler %s)" % (VERSION, rattler.__version__),
        "channels": prefix.channels, "channel_alias": PUBLIC, "packages as of": prefix.day, "platform": prefix.platform,
        "envs": [one.path for one in Prefix.all()],
    }
    if given.json:
        print(json.dumps(dict(said, default_prefix=active, conda_prefix="/srv/conda"), indent=2))
        return
    for name, value in said.items():
        print("%24s : %s" % (name, ", ".join(value) if isinstance(value, list) else value))


def run(given):
    prefix = Prefix.of(given)
    script = '. /srv/conda/etc/profile.d/conda.sh; conda activate "$0" && exec "$@"'
    os.execv("/bin/bash", ["bash", "-c", script, prefix.path, *given.command])


def nothing(given):
    print("conda %s: there is nothing to do here" % given.verb)


VERBS = {
    "install": install, "create": create, "remove": remove, "uninstall": remove, "update": update, "upgrade": update,
    "list": listing, "env": environments, "search": search, "info": info, "run": run,
    "clean": nothing, "config": nothing, "init": nothing,
}


def options(arguments):
    parser = argparse.ArgumentParser(prog="conda", description="conda's commands, over rattler: %s" % ", ".join(VERBS))
    parser.add_argument("-V", "--version", action="version", version="conda " + VERSION)
    parser.add_argument("verb", choices=VERBS, metavar="COMMAND")
    parser.add_argument("-n", "--name")
    parser.add_argument("-p", "--prefix")
    parser.add_argument("-c", "--channel", action="append")
    parser.add_argument("-f", "--file", action="append")
    for flag in ("-y/--yes", "-q/--quiet", "-d/--dry-run", "--json", "--all", "--no-builds", "--from-history", "--no-deps"):
        parser.add_argument(*flag.split("/"), action="store_true")
    # What says how conda itself works changes nothing here.
    for flag in ("--override-channels", "--strict-channel-priority", "--no-channel-priority", "--force-reinstall", "--freeze-installed",
                 "--update-deps", "--prune", "--no-update-deps", "--no-capture-output", "--live-stream", "--set", "--add", "--show", "--force"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("specs", nargs="*")
    return parser.parse_intermixed_args(arguments)


def main():
    arguments = sys.argv[1:]
    command = []
    if arguments[:1] == ["run"]:
        # Everything from the first word that is no option of ours on is somebody else's.
        position = 1
        while position < len(arguments) and arguments[position].startswith("-"):
            position += 2 if arguments[position] in ("-n", "-p", "--name", "--prefix") else 1
        arguments, command = arguments[:position], arguments[position:]
    if arguments[:1] in (["config"], ["init"], ["clean"]):
        arguments = arguments[:1]
    given = options(arguments)
    given.command = command
    VERBS[given.verb](given)


ending(main)
