/** What makes a server that waits take over a launch: an extension of Jupyter's, of any server since notebook 5. */

/** Folder in the container; root's, so that no session can change what is there. */
export const FOLDER = '/run/slipway';
export const MODULE = 'slipway_warm';
/** Below the server's path. */
export const CLAIM = 'slipway/claim';
/** Whose session a server has become. */
export const FACTS = 'session.json';

/** Kernels, terminals and whatever else the server starts have its variables and folder, so these are what changes. */
export const EXTENSION = `
import hmac, json, os

from tornado import web

FACTS = "${FOLDER}/${FACTS}"


def move(app, folder):
    os.chdir(folder)
    for part in (app, getattr(app, "contents_manager", None), getattr(app, "kernel_manager", None)):
        for name in ("root_dir", "notebook_dir"):
            if part is not None and hasattr(type(part), name):
                setattr(part, name, folder)
    app.web_app.settings["server_root_dir"] = folder


class Claim(web.RequestHandler):
    taken = False

    def initialize(self, app, token):
        self.app = app
        self.token = token

    def check_xsrf_cookie(self):
        pass

    def prepare(self):
        given = self.request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), b"token " + self.token.encode()):
            raise web.HTTPError(403)

    def get(self):
        self.finish("taken" if Claim.taken else "waiting")

    def post(self):
        if Claim.taken:
            raise web.HTTPError(409)
        Claim.taken = True
        with open(FACTS) as file:
            facts = json.load(file)
        os.environ.update(facts["variables"])
        move(self.app, facts["folder"])
        self.finish("taken")


def load_jupyter_server_extension(app):
    # Only this process was to find this module.
    os.environ.pop("PYTHONPATH", None)
    arguments = {"app": app, "token": os.environ["JUPYTER_TOKEN"]}
    path = app.web_app.settings["base_url"] + "${CLAIM}"
    app.web_app.add_handlers(".*$", [(path, Claim, arguments)])


_load_jupyter_server_extension = load_jupyter_server_extension


def _jupyter_server_extension_points():
    return [{"module": "${MODULE}"}]


_jupyter_server_extension_paths = _jupyter_server_extension_points
`;

/** Options of the server that load it, for servers before and after 2021. */
export const OPTIONS = ['ServerApp.jpserver_extensions', 'NotebookApp.nbserver_extensions'].map(
  (name) => `--${name}={'${MODULE}': True}`,
);
