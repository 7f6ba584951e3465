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


class Answer:
    """What pip said, as uv.Answer has it."""

    def __init__(self, code, text, is_unanswered):
        self.text = text.strip()
        failed = FAILED.search(text)
        self.package = failed and (failed[1] or failed[2])
        self.kind = "ok" if code == 0 else self._kind(is_unanswered)

    def _kind(self, is_unanswered):
        if is_unanswered or UNREACHED.search(self.text):
            return "upstream"
        if UNFIT.search(self.text):
            return "no-solution"
        return "build-failed" if self.package else "error"


class OldPip:
    def __init__(self, python, requirements, extras, section):
        self.command = [python, "-m", "pip", "install", "--no-cache-dir", *section["indexOptions"]]
        self.command += ["--pre"] if section.get("prereleases") else []
        both = ["-r", requirements, "-r", extras]
        # With one hash, pip wants them for every line.
        has_hashes = any("--hash" in line for line in section["requirements"])
        self.runs = [both[:2], both[2:]] if has_hashes else [both]
        # Whether the index had no days.
        self.undated = False

    def install(self, cutoff, constraints):
        with index_as_of(cutoff) as index:
            for files in self.runs:
                done = subprocess.run(
                    [*self.command, *files, "-c", constraints],
                    env=index.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                )
                answer = Answer(done.returncode, done.stdout, index.failed)
                if answer.kind != "ok":
                    break
        self.undated = index.undated
        return answer
