"""What solving, installing and the command `conda` have in common: rattler, with our channels and our day."""

import datetime
import json
import os
import re
import shutil
import sys
import tempfile
import traceback

import rattler
from rattler.config import Config

PREFIX = "/srv/env"
SHARE = PREFIX + "/share/slipway"
PUBLIC = "https://conda.anaconda.org"
# Folders that go with this process.
SCRATCH = []
# What rattler says when a server did not answer, or not as it should; a 404 is an answer.
UPSTREAM = re.compile(
    r"error sending request|timed out|timeout|connection (?:refused|reset|closed)|dns error|5\d\d (?:Internal|Bad|Service|Gateway)"
    r"|status server error|429 Too Many|tls|certificate|unexpected EOF|error decoding response|incomplete|hash mismatch|retries",
    re.I,
)


def say(message):
    """One line for people, which the build's log marks as ours."""
    print("slipway: " + message, flush=True)


def stop(code, message, text=""):
    """Ends with what rattler said and one line of ours. 75 upstream, 65 no solution, 66 no such package, 64 bad lock."""
    if text:
        print(text, file=sys.stderr, flush=True)
    print("slipway: " + message, file=sys.stderr, flush=True)
    sys.exit(code)


def read(name):
    path = os.path.join(SHARE, name)
    with open(path) as file:
        return file.read()


def write(name, lines):
    with open(os.path.join(SHARE, name), "w") as file:
        file.write("".join(line + "\n" for line in lines))


class Dated:
    """A channel whose packages are as old as their builds. rattler prefers the day on which an index first had them, and
    that of a mirror, or of a channel indexed anew, says nothing about a package."""

    def __init__(self, gateway, channel):
        self.gateway = gateway
        self.channel = channel
        self.kept = {}

    async def fetch_package_records(self, platform, name):
        key = (str(platform), name.normalized)
        if key not in self.kept:
            found = await self.gateway.query([self.channel], [platform], [name.normalized], recursive=False, channel_relations="disabled")
            self.kept[key] = [record for records in found for record in records]
            for record in self.kept[key]:
                if record.timestamp is not None:
                    record.indexed_timestamp = None
        return self.kept[key]

    def package_names(self, platform):
        return []


class Solver:
    """One environment's channels and machine, as its plan says. `environment`: what resolve.hbs and install.hbs write."""

    def __init__(self, environment):
        self.platform = environment["platform"]
        channels = rattler.channel.ChannelConfig(PUBLIC + "/")
        self.channels = [rattler.Channel(name, channels) for name in environment["channels"]]
        self.virtual = [virtual(name, said) for name, said in sorted(environment["virtual"].items())]
        self.config = Config.from_toml(settings())
        self.cache = os.environ.get("RATTLER_CACHE_DIR") or scratch()
        # The index is never kept: rattler takes a 304 for an error (with shards), and packages are what weighs.
        self.gateway = rattler.Gateway.from_config(self.config, cache_dir=os.path.join(scratch(), "repodata"))
        self.sources = [Dated(self.gateway, channel) for channel in self.channels]

    async def solve(self, specs, cutoff, **more):
        """Records that fit; raises rattler's SolverError when none do. `cutoff`: RFC 3339 in Z, or `none`."""
        return await rattler.solve(
            sources=self.sources, specs=specs, gateway=self.gateway, platforms=[self.platform, "noarch"],
            virtual_packages=self.virtual, exclude_newer=moment(cutoff),
            # Packages from before 2017 say no time.
            timestamp_policy="allow-missing", channel_priority=rattler.ChannelPriority.Strict,
            channel_relations="disabled", **more,
        )

    async def known(self, names, platforms):
        """Those of the names that the channels have on one of the platforms, whatever the day."""
        if not names:
            return set()
        found = await self.gateway.query(self.channels, platforms, names, recursive=False, channel_relations="disabled")
        return {record.name.normalized for records in found for record in records}

    async def install(self, records, specs, prefix=PREFIX):
        """Makes the environment what the records say; runs none of its packages' scripts."""
        await rattler.install(
            records, prefix, cache_dir=os.path.join(self.cache, "pkgs"), platform=rattler.Subdir(self.platform),
            show_progress=False, config=self.config, execute_link_scripts=False,
            requested_specs=[rattler.MatchSpec(spec)._match_spec for spec in specs],
        )


def scratch():
    """A folder that goes with this process: nothing of it may stay in a layer."""
    SCRATCH.append(tempfile.mkdtemp(prefix="slipway-conda-"))
    return SCRATCH[-1]


def ending(work):
    """Ends the process with `work`. rattler's threads may still want the interpreter while it is taken down, which crashes
    one process in ten: so it never is."""
    code = 0
    try:
        work()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    for folder in SCRATCH:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def settings():
    """rattler's own settings: the host's certificates, and the operator's mirror in the public channels' place."""
    mirror = os.environ.get("CONDA_CHANNEL_ALIAS", "").rstrip("/")
    lines = ['tls-root-certs = "native"']
    if mirror and mirror != PUBLIC:
        lines += ["[mirrors]", "%s = [%s]" % (json.dumps(PUBLIC), json.dumps(mirror))]
    return "\n".join(lines)


def virtual(name, said):
    version, _, build = said.partition("=")
    return rattler.GenericVirtualPackage(rattler.PackageName(name), rattler.Version(version), rattler.BuildString(build or "0"))


def moment(cutoff):
    return None if cutoff == "none" else datetime.datetime.fromisoformat(cutoff.replace("Z", "+00:00"))


def line(record):
    """A record as one line of the lock."""
    return json.dumps(dict(json.loads(record.to_json()), fn=record.file_name, url=record.url, channel=record.channel), sort_keys=True)


def record(text):
    """A line of the lock as a record; raises ValueError for what is none."""
    said = json.loads(text)
    digests = [said.get(name) for name in ("sha256", "md5")]
    if not any(digests) or not re.fullmatch(r"https?://[\x21-\x7e]+", said["url"]) or "/" in said["fn"]:
        raise ValueError("neither hash nor URL")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(said, file)
        file.flush()
        found = rattler.PackageRecord.from_index_json(file.name, said.get("size"), *digests)
    return rattler.RepoDataRecord(found, said["fn"], said["url"], said["channel"])
