"""The pip of a Python before 3.6, which uv does not know, with an index as of a day."""

import re
import subprocess

from dated_index import index_as_of

NAME = r"([A-Za-z0-9._-]+)"
FAILED = re.compile(r"Failed building wheel for %s|Running setup\.py install for %s: finished with status 'error'" % (NAME, NAME))
UNFIT = re.compile(
    r"No matching distribution found|ResolutionImpossible|conflicting dependencies|requirement conflict|Double requirement given"
)
UNREACHED = re.compile(r"Max retries exceeded|Connection(?:Error| refused| reset)|Read timed out|SSLError")
MISMATCH = re.compile(r"DO NOT MATCH THE HASHES.*?\n\s*%s(?:==| from )" % NAME, re.S)
DIRECT = re.compile(r"%s(\[[^\]]*\])?\s*@\s*(\S+)(\s*;.*)?" % NAME)


def old_line(line):
    """A requirement by its address as every pip reads it: `name @ url` is known from 19.3 on only."""
    found = DIRECT.fullmatch(line)
    if not found:
        return line
    name, extras, url, marker = found.groups()
    return "%s%segg=%s%s%s" % (url, "&" if "#" in url else "#", name, extras or "", marker or "")


class Answer:
    """What pip said, as uv.Answer has it."""

    def __init__(self, code, text, unanswered):
        self.text = (text.strip() + "\n" + unanswered).strip()
        failed = FAILED.search(text)
        self.package = failed and (failed[1] or failed[2])
        self.kind = "ok" if code == 0 else self._kind(unanswered)

    def _kind(self, unanswered):
        if unanswered or UNREACHED.search(self.text):
            return "upstream"
        other = MISMATCH.search(self.text)
        if other:
            self.package = other[1]
            return "hash-mismatch"
        if UNFIT.search(self.text):
            return "no-solution"
        return "build-failed" if self.package else "error"


class OldPip:
    def __init__(self, python, section):
        self.command = [python, "-m", "pip", "install", "--no-cache-dir", *section["indexOptions"]]
        self.command += ["--pre"] if section.get("prereleases") else []
        # Whether the index had no days.
        self.undated = False

    def install(self, cutoff, words):
        with index_as_of(cutoff) as index:
            done = subprocess.run(
                [*self.command, *words],
                env=index.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            )
        self.undated = self.undated or index.undated
        return Answer(done.returncode, done.stdout, index.failed)
