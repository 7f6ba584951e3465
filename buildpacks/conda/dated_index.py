"""The package index as of a day, for a pip that knows none: dated_index.py CUT-OFF COMMAND…, with the day as `none` or a time.

Tools that know days run no Python before 3.6. Its own pip is given an index on loopback instead, which asks the real one and
leaves out what was uploaded later. Files go through it too: neither certificates nor passwords are left to old tools. Ends as the
command does, with 75 where the index did not answer.
"""

import base64
import html
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
PUBLIC = "https://pypi.org/simple"
TIME = 60
# Seconds before it is tried again.
PAUSES = (0.5, 1, 2)
# Statuses of what is not there.
ABSENT = (403, 404, 410)


class Upstream:
    def __init__(self, address):
        parts = urllib.parse.urlsplit(address.rstrip("/"))
        user, _, host = parts.netloc.rpartition("@")
        self.address = parts._replace(netloc=host).geturl()
        self.login = user and "Basic " + base64.b64encode(urllib.parse.unquote(user).encode()).decode()

    def get(self, url, use):
        """What `use` makes of the answer, asked for again after a moment where nobody answers. Raises HTTPError, and what else a
        network has."""
        request = urllib.request.Request(url, headers={"Accept": ACCEPT})
        if self.login and urllib.parse.urlsplit(url)[:2] == urllib.parse.urlsplit(self.address)[:2]:
            # Whoever it leads on to is told nothing.
            request.add_unredirected_header("Authorization", self.login)
        for pause in [*PAUSES, None]:
            try:
                with urllib.request.urlopen(request, timeout=TIME) as response:
                    return use(response)
            except Exception as error:
                if pause is None or getattr(error, "code", 500) in ABSENT:
                    raise
            time.sleep(pause)


def link(file, url):
    """One file of PEP 691 as PEP 503 has it."""
    hashes = sorted((file.get("hashes") or {}).items())
    attributes = {"href": url + "".join("#%s=%s" % one for one in hashes[-1:]), "data-requires-python": file.get("requires-python")}
    if file.get("yanked"):
        attributes["data-yanked"] = ""
    words = [' %s="%s"' % (name, html.escape(value)) for name, value in attributes.items() if value is not None]
    return "<a%s>%s</a><br>\n" % ("".join(words), html.escape(file["filename"]))


class DatedIndex:
    """Serves the index while it is entered."""

    def __init__(self, cutoff, upstream):
        self.cutoff = cutoff
        self.upstream = Upstream(upstream)
        # What became of the real one where it did not answer.
        self.failed = ""
        # Whether it has files without days.
        self.undated = False
        # Path here → address there.
        self.files = {}

    def __enter__(self):
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = re.fullmatch(r"/([A-Za-z0-9][A-Za-z0-9._-]*)/?", urllib.parse.unquote(self.path))
                try:
                    if self.path in index.files:
                        with index.file(self.path) as file:
                            self.begin(200, "application/octet-stream", os.fstat(file.fileno()).st_size)
                            return shutil.copyfileobj(file, self.wfile)
                    kind, body = index.page(name[1] if name else "")
                    status = 200
                except Exception as error:  # Cut short, no list of files: none of it is an answer.
                    kind, body = "text/plain", b""
                    status = 404 if getattr(error, "code", 0) in ABSENT else 502
                    if status == 502:
                        index.failed = "Failed to connect to %s: %s" % (index.upstream.address, error or type(error).__name__)
                self.begin(status, kind, len(body))
                self.wfile.write(body)

            def begin(self, status, kind, length):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(length))
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = "http://%s:%d/" % self.server.server_address
        self.home = tempfile.mkdtemp(prefix="slipway-index-")
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.home, ignore_errors=True)

    def file(self, path):
        """A file that a page has led to, whole and at its beginning."""

        def fetched(response):
            file = tempfile.TemporaryFile(dir=self.home)
            shutil.copyfileobj(response, file)
            if response.length:
                raise OSError("%s is cut short" % path)
            file.seek(0)
            return file

        return self.upstream.get(self.files[path], fetched)

    def page(self, name):
        if not name:
            raise urllib.error.HTTPError("", 404, "no project", None, None)
        address = "%s/%s/" % (self.upstream.address, name)
        page, kind, body = self.upstream.get(address, lambda found: (found.url, found.headers.get_content_type(), found.read()))
        if not kind.endswith("+json"):
            self.undated = True
            return "text/html; charset=utf-8", b'<base href="%s">' % html.escape(page).encode() + body
        files = json.loads(body)["files"]
        kept = [file for file in files if self.cutoff == "none" or file.get("upload-time", "") <= self.cutoff]
        self.undated = self.undated or any("upload-time" not in file for file in files)
        links = "".join(link(file, self.address(urllib.parse.urljoin(page, file["url"]))) for file in kept)
        text = "<!DOCTYPE html><html><head><title>%s</title></head><body>\n%s</body></html>\n" % (html.escape(name), links)
        return "text/html; charset=utf-8", text.encode()

    def address(self, url):
        """Where pip is to fetch a file."""
        path = "/-/%d/%s" % (len(self.files), os.path.basename(urllib.parse.urlsplit(url).path))
        self.files[path] = url
        return self.url.rstrip("/") + path

    def environment(self):
        """Variables with which pip asks it, and not through a proxy; what a setup.py requires of old is fetched by easy_install."""
        with open(os.path.join(self.home, ".pydistutils.cfg"), "w") as file:
            file.write("[easy_install]\nindex_url = %s\n" % self.url)
        # It hears nothing before a file is here whole.
        found = dict(os.environ, PIP_INDEX_URL=self.url, PIP_DEFAULT_TIMEOUT="900", HOME=self.home)
        for name in ("no_proxy", "NO_PROXY"):
            found[name] = ",".join(filter(None, [found.get(name), "127.0.0.1"]))
        return found


def index_as_of(cutoff):
    return DatedIndex(cutoff, os.environ.get("PIP_INDEX_URL") or PUBLIC)


def main():
    with index_as_of(sys.argv[1]) as index:
        code = subprocess.run(sys.argv[2:], env=index.environment()).returncode
    if index.undated and sys.argv[1] != "none":
        print("slipway: the package index has no days of uploads: what pip installs is as of today", flush=True)
    if code != 0 and index.failed:
        print(index.failed, file=sys.stderr)
        print("slipway: the package index or a package's source did not answer; this is tried again as it is", file=sys.stderr, flush=True)
        code = 75
    sys.exit(code)


if __name__ == "__main__":
    main()
