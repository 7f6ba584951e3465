"""Runs uv's resolver and says what its answer means. Standard library of Python 3.9 only."""

import os
import re
import subprocess
import sys
import urllib.request

UPSTREAM = re.compile(
    r"error sending request|Request failed after|dns error|[Cc]onnection (?:refused|reset|closed)|timed out"
    r"|HTTP status server error|HTTP Error 5\d\d|429 Too Many|Temporary failure in name resolution|Could not resolve host"
    r"|NewConnectionError|Network is unreachable|unexpected EOF|error decoding response body"
    r"|Failed to connect to|Couldn't connect to|The requested URL returned error: (?:5\d\d|429)"
)
NOT_FOUND = re.compile(r"(?:Because |and |, )([A-Za-z0-9._-]+) was not found in the package registry")
FAILED = re.compile(r"(?:build|wheel for) `([A-Za-z0-9._-]+)(?:==| @ |`)")
MISSING = re.compile(r"(?:No module named|cannot import name) ['\"]?([A-Za-z0-9_]+)")
UNDATED = re.compile(r"^warning: `([^`]+)` is missing an upload date", re.M)
YANKED = re.compile(r"^warning: `([^`]+)` is yanked(?: \(reason: \"?(.*?)\"?\))?$", re.M)
REFUSED = re.compile(r"`([A-Za-z0-9._-]+==[^`]+)` has invalid metadata")

# Modules that a setup.py imports without asking for them, and what brings each.
BUILD_MODULES = {
    "Cython": "cython<3", "numpy": "numpy", "scipy": "scipy", "six": "six", "pkg_resources": "setuptools<81",
    "setuptools_scm": "setuptools-scm", "pybind11": "pybind11", "cffi": "cffi", "pbr": "pbr", "future": "future",
    "requests": "requests", "yaml": "pyyaml", "jinja2": "jinja2", "wheel": "wheel", "packaging": "packaging",
    "setuptools": "setuptools", "pandas": "pandas", "dateutil": "python-dateutil", "docutils": "docutils",
    "pytest_runner": "pytest-runner", "versioneer": "versioneer", "mpi4py": "mpi4py", "torch": "torch",
    "nose": "nose", "attr": "attrs", "toml": "toml", "tomli": "tomli", "extension_helpers": "extension-helpers",
    "pip": "pip", "matplotlib": "matplotlib", "jupyter_packaging": "jupyter-packaging", "tqdm": "tqdm",
}


def say(message):
    """One line for people, which the build's log marks as ours."""
    print("slipway: " + message, flush=True)


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def missing_need(text):
    """What a build that failed lacked, as a requirement; None if that is not known."""
    if "use_2to3 is invalid" in text:
        return "setuptools<58"
    module = MISSING.search(text)
    return BUILD_MODULES.get(module[1]) if module else None


class Answer:
    """What uv said: `ok`, `no-solution`, `not-found`, `upstream`, `build-failed` or `error`."""

    def __init__(self, code, text):
        self.text = re.sub(r"^(?:WARN|INFO|DEBUG) .*\n?", "", text, flags=re.M).strip()
        self.refused = sorted(set(REFUSED.findall(text)))
        self.undated = sorted({normal(re.split(r"-\d", file)[0]) for file in UNDATED.findall(text)})
        self.yanked = dict(YANKED.findall(text))
        self.kind = self._kind(code)
        self.package = (FAILED.search(self.text) or [None, None])[1]
        self.missing = (NOT_FOUND.search(self.text) or [None, None])[1]

    def _kind(self, code):
        if code == 0:
            return "ok"
        if UPSTREAM.search(self.text):
            return "upstream"
        # A build that finds no versions for its own requirements fails as a build.
        if re.search(r"[Ff]ailed to (?:download and )?build|build backend returned|Git operation failed", self.text):
            return "build-failed"
        if NOT_FOUND.search(self.text):
            return "not-found"
        return "no-solution" if "No solution found" in self.text else "error"


class Uv:
    """uv with the day, index and metadata of one resolution. What it learns on the way (build requirements that a
    setup.py hides, packages without upload times) holds for the next call."""

    def __init__(self, python, folder, metadata, index_options):
        self.python = python
        self.folder = folder
        self.metadata = metadata
        self.index_options = index_options
        self.extra_builds = {}
        self.undated = set()
        self.cutoff = "none"

    def _config(self):
        path = os.path.join(self.folder, "uv.toml")
        tables = ["[extra-build-dependencies]\n"]
        for name, needs in sorted(self.extra_builds.items()):
            tables.append("%s = [%s]\n" % (name, ", ".join('"%s"' % need for need in sorted(needs))))
        with open(path, "w") as file:
            file.write("".join(tables) + "\n" + self.metadata)
        return path

    def _days(self):
        if self.cutoff == "none":
            return []
        days = ["--exclude-newer", self.cutoff]
        if self.cutoff < "2019-06-01":
            # uv wants a setuptools for every setup.py that is younger than those days.
            for name in ("setuptools", "wheel"):
                days += ["--exclude-newer-package", name + "=2019-06-01T00:00:00Z"]
        for name in sorted(self.undated):
            days += ["--exclude-newer-package", name + "=false"]
        return days

    def run(self, *arguments):
        strategy = ["--index-strategy", "unsafe-best-match"] if self.index_options else []
        command = ["uv", *arguments, "--python", self.python, "--config-file", self._config(), *self._days()]
        command += ["--no-progress", "--color", "never", "--no-python-downloads", *self.index_options, *strategy]
        environment = dict(os.environ, RUST_LOG="warn", UV_CACHE_DIR="/tmp/slipway-uv", UV_LINK_MODE="hardlink")
        environment.pop("UV_NO_CACHE", None)
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        return Answer(done.returncode, done.stdout)

    def ask(self, versions, *arguments):
        """`run`, again as long as something new was learnt. `versions`: of packages already locked, by name."""
        for _ in range(12):
            answer = self.run(*arguments)
            if not self._learn(answer, versions):
                return answer
        return answer

    def _learn(self, answer, versions):
        fresh = set(answer.undated) - self.undated
        if fresh and self.cutoff != "none":
            self.undated |= fresh
            say("the index has no upload times for %s: taken as of today" % ", ".join(sorted(fresh)))
            return True
        need = missing_need(answer.text) if answer.kind == "build-failed" else None
        if need is None or answer.package is None:
            return False
        if need in versions:
            need += "==" + versions[need]
        known = self.extra_builds.setdefault(normal(answer.package), set())
        if need in known:
            return False
        known.add(need)
        say("%s needs %s to be built, without saying so" % (answer.package, need))
        return True


def download(url, path):
    with urllib.request.urlopen(url, timeout=60) as response, open(path, "wb") as file:
        while True:
            block = response.read(1 << 16)
            if not block:
                return
            file.write(block)


def stop(code, message, answer=None):
    """Ends with what uv said and one line of ours. 75 upstream, 65 no solution, 66 no such package, 67 other hashes, 70 no build."""
    if answer is not None:
        print(answer.text, file=sys.stderr, flush=True)
    print("slipway: " + message, file=sys.stderr, flush=True)
    sys.exit(code)
