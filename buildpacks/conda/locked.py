"""Records of the packages that a lock names by their URLs. The lock's own hashes hold, whatever a channel says today."""

import json

import rattler
from rattler.package_streaming import fetch_raw_package_file_from_url

from solver import record


def place(url):
    """`https://host/channel/linux-64/name.conda` → channel, subdir, file name."""
    return url.rsplit("/", 2)


async def records(solver, locked):
    known = {}
    for channel, subdir in sorted({tuple(place(one["url"])[:2]) for one in locked}):
        names = [one["name"] for one in locked if place(one["url"])[:2] == [channel, subdir]]
        try:
            found = await solver.gateway.query([rattler.Channel(channel)], [subdir], names, recursive=False, channel_relations="disabled")
        except rattler.exceptions.GatewayError:
            # A channel may be gone while its packages can still be had; the index is only the short way.
            continue
        known.update({one.url: one for some in found for one in some})
    return [await of_one(solver, one, known.get(one["url"])) for one in locked]


async def of_one(solver, one, known):
    channel, subdir, file = place(one["url"])
    if known is not None:
        said = json.loads(known.to_json())
    else:
        client = rattler.Client.from_config(solver.config)
        said = dict(json.loads(await fetch_raw_package_file_from_url(client, one["url"], "info/index.json")), subdir=subdir)
    hashes = {name: one[name] for name in ("sha256", "md5") if one.get(name)}
    for name in ("sha256", "md5"):
        said.pop(name, None)
    return record(json.dumps(dict(said, **hashes, fn=file, url=one["url"], channel=channel)))
