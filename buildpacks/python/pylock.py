"""Reads the pylock.toml that uv writes, which lists only wheels that fit. Standard library of Python 3.9 only."""

import re


class Package:
    """`hashes` of the wheels that fit, else of the sdist; `source` is the URL of what is not from an index."""

    def __init__(self, name, version, wheel, hashes, source, sdist=()):
        self.name = name
        self.version = version
        self.wheel = wheel
        self.hashes = hashes
        self.source = source
        self.sdist = sdist

    def line(self):
        place = "%s==%s" % (self.name, self.version) if self.source is None else "%s @ %s" % (self.name, self.source)
        return " ".join([place, *("--hash=" + value for value in self.hashes)])

    def hold(self, allowed):
        """Leaves out every file whose hash is not allowed; False when none is left."""
        if self.source is not None:
            found = re.search(r"sha256=([0-9a-f]{64})", self.source)
            if found or not re.match("https?:", self.source):
                return not found or "sha256:" + found[1] in allowed
            self.hashes = sorted(allowed)
            return True
        if not any(value.startswith("sha256:") for value in allowed):
            # Of a kind that indexes do not list: checked when the file is there.
            self.hashes = sorted(allowed)
            return True
        wheels = [value for value in self.hashes if value in allowed]
        if not wheels:
            self.wheel, wheels = False, [value for value in self.sdist if value in allowed]
        self.hashes = wheels
        return bool(wheels)


def _field(block, key):
    found = re.search(r'^%s = "([^"\\]*)"$' % key, block, re.M)
    return found[1] if found else None


def _hashes(text):
    return ["sha256:" + value for value in re.findall(r'sha256 = "([0-9a-f]{64})"', text)]


def _direct(block):
    """The URL of a `vcs` or `archive` entry, pinned to its commit or hash."""
    vcs = re.search(r"^vcs = \{(.*)\}$", block, re.M)
    archive = re.search(r"^archive = \{(.*)\}$", block, re.M)
    entry = (vcs or archive)[1]
    url = re.search(r'\burl = "([^"\\]*)"', entry)[1]
    folder = re.search(r'\bsubdirectory = "([^"\\]*)"', entry)
    fragment = ["subdirectory=" + folder[1]] if folder else []
    if vcs:
        kind = re.search(r'\btype = "([a-z]+)"', entry)[1]
        url = "%s+%s@%s" % (kind, url, re.search(r'commit-id = "([0-9a-f]+)"', entry)[1])
    else:
        fragment += [value.replace(":", "=") for value in _hashes(entry)[:1]]
    return url + ("#" + "&".join(fragment) if fragment else "")


def read(path):
    packages = []
    with open(path) as file:
        blocks = file.read().split("[[packages]]\n")[1:]
    for block in blocks:
        name, version = _field(block, "name"), _field(block, "version")
        if re.search(r"^(?:vcs|archive) = ", block, re.M):
            packages.append(Package(name, version, False, [], _direct(block)))
            continue
        wheels = re.search(r"^wheels = \[(.*?)\]$", block, re.M | re.S)
        sdist = re.search(r"^sdist = \{(.*)\}$", block, re.M)
        hashes = _hashes(wheels[1] if wheels else sdist[1] if sdist else "")
        if not hashes:
            # Some indexes give no hashes: such a file is taken from its URL, and never through the shared cache.
            file = re.search(r'\burl = "([^"\\]*)"', (wheels or sdist)[1])
            packages.append(Package(name, version, False, [], file[1]))
            continue
        source_hashes = _hashes(sdist[1]) if sdist else []
        packages.append(Package(name, version, wheels is not None, sorted(set(hashes)), None, source_hashes))
    return packages
