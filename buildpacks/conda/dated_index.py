"""The package index as of a day, for a pip that knows none: dated_index.py CUT-OFF COMMAND…, with the day as `none` or a time.

Tools that know days run no Python before 3.6. Its own pip is given an index on loopback instead, which asks the real one and
leaves out what was uploaded later. Ends as the command does, with 75 where the index did not answer.
"""

import base64
import html
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
PUBLIC = "https://pypi.org/simple"
TIME = 60


class Upstream:
    def __init__(self, address):
        parts = urllib.parse.urlsplit(address.rstrip("/"))
        user, _, host = parts.netloc.rpartition("@")
        self.address = parts._replace(netloc=host).geturl()
        self.headers = {"Accept": ACCEPT}
        if user:
            self.headers["Authorization"] = "Basic " + base64.b64encode(urllib.parse.unquote(user).encode()).decode()

    def page(self, name):
        """(address, content type, body) of a project's page. Raises HTTPError, OSError."""
        request = urllib.request.Request("%s/%s/" % (self.address, name), headers=self.headers)
        with urllib.request.urlopen(request, timeout=TIME) as response:
            return response.url, response.headers.get_content_type(), response.read()


def link(file, page):
    """One file of PEP 691 as PEP 503 has it."""
    hashes = sorted((file.get("hashes") or {}).items())
    url = urllib.parse.urljoin(page, file["url"]) + "".join("#%s=%s" % one for one in hashes[-1:])
    attributes = {"href": url, "data-requires-python": file.get("requires-python")}
    if file.get("yanked"):
        attributes["data-yanked"] = ""
    words = [' %s="%s"' % (name, html.escape(value)) for name, value in attributes.items() if value is not None]
    return "<a%s>%s</a><br>\n" % ("".join(words), html.escape(file["filename"]))


class DatedIndex:
    """Serves the index while it is entered."""

    def __init__(self, cutoff, upstream):
        self.cutoff = cutoff
        self.upstream = Upstream(upstream)
        # Of the real one: it did not answer; it knows no days.
        self.failed = self.undated = False

    def __enter__(self):
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = re.fullmatch(r"/([A-Za-z0-9][A-Za-z0-9._-]*)/?", urllib.parse.unquote(self.path))
                status, body = index.answer(name[1]) if name else (404, "")
                content = body.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self.server.server_port
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, name):
        try:
            page, kind, body = self.upstream.page(name)
        except urllib.error.HTTPError as error:
            if error.code in (403, 404, 410):
                return 404, ""
            self.failed = True
            return 502, ""
        except OSError:
            self.failed = True
            return 502, ""
        if not kind.endswith("+json"):
            self.undated = True
            return 200, '<base href="%s">' % html.escape(page) + body.decode("utf-8", "replace")
        files = json.loads(body)["files"]
        kept = [file for file in files if self.cutoff == "none" or file.get("upload-time", "") <= self.cutoff]
        self.undated = self.undated or any("upload-time" not in file for file in files)
        return 200, "<!DOCTYPE html><html><head><title>%s</title></head><body>\n%s</body></html>\n" % (
            html.escape(name),
            "".join(link(file, page) for file in kept),
        )

    def environment(self):
        """Variables with which pip asks it, and not through a proxy."""
        found = dict(os.environ, PIP_INDEX_URL=self.url)
        for name in ("no_proxy", "NO_PROXY"):
            found[name] = ",".join(filter(None, [found.get(name), "127.0.0.1"]))
        return found


def index_as_of(cutoff):
    return DatedIndex(cutoff, os.environ.get("PIP_INDEX_URL") or PUBLIC)


def main():
    with index_as_of(sys.argv[1]) as index:
        code = subprocess.run(sys.argv[2:], env=index.environment()).returncode
    if code != 0 and index.failed:
        print("slipway: the package index did not answer; this is tried again as it is", file=sys.stderr, flush=True)
        code = 75
    sys.exit(code)


if __name__ == "__main__":
    main()
