"""Imports what a session's server and kernel import, so that its byte code is in the image; the rest is left uncompiled.

Compiling the whole server would cost 40 MB in each image and 10 s, for modules that nobody loads.
"""

import importlib
import pkgutil

MODULES = """
jupyterlab.labapp notebook.app nbgitpuller.handlers nbgitpuller jupyter_lsp jupyter_server_terminals jupyterhub.singleuser
jupyterhub.singleuser.app jupyterhub.singleuser.extension jupyter_server.serverapp nbconvert.exporters nbclient.cli
papermill.cli papermill.engines ipykernel.kernelapp ipykernel.ipkernel ipykernel.zmqshell ipykernel_launcher ipywidgets
IPython debugpy.server.api requests yaml psutil bs4 tornado.netutil matplotlib_inline.backend_inline jedi
""".split()
# Their parts are loaded by name, as the server's settings say.
TREES = ("jupyter_server.services", "jupyter_server.auth", "jupyter_server.files", "jupyter_server.gateway", "jupyter_client", "jupyterlab.handlers", "jupyterlab.extensions", "zmq.eventloop", "tornado")


def load(name):
    try:
        return importlib.import_module(name)
    except Exception as error:  # Another release of the server may lack a module: then it is compiled when it is used.
        print(f"{name} is not compiled: {error}")
        return None


for name in MODULES:
    load(name)
for name in TREES:
    package = load(name)
    for part in pkgutil.walk_packages(package.__path__, name + ".") if package else ():
        if ".test" not in part.name:
            load(part.name)
