"""Byte-compiles what a session's server and kernel load, in the environment whose Python runs this; the rest is left.

Compiling everything would cost 40 MB in each image and 10 s, for modules that nobody loads.
"""

import compileall
import importlib
import os
import re

# Imported, so that what they need is compiled too.
MODULES = """
jupyterlab.labapp notebook.app nbgitpuller.handlers nbgitpuller jupyter_lsp jupyter_server_terminals jupyterhub.singleuser
jupyterhub.singleuser.app jupyterhub.singleuser.extension jupyter_server.serverapp nbconvert.exporters nbclient.client
papermill.execute ipykernel_launcher ipykernel.kernelapp ipykernel.ipkernel ipykernel.zmqshell ipywidgets IPython debugpy.server.api requests
yaml psutil bs4 matplotlib_inline.backend_inline jedi
""".split()
# Their parts are loaded later, or by name. Only compiled: some would start a server when they are imported.
TREES = """
jupyter_server jupyter_server_terminals jupyterlab_server jupyterlab jupyter_lsp jupyter_builder notebook notebook_shim
jupyter_client jupyter_core ipykernel IPython zmq tornado httpcore h11 jinja2 debugpy nbclient papermill
""".split()


def load(name):
    try:
        return importlib.import_module(name)
    except Exception as error:  # A later release may have moved it: then it is compiled when it is used.
        print("%s is not compiled: %s" % (name, error))
        return None


def main():
    for name in MODULES:
        load(name)
    for name in TREES:
        folder = os.path.join(os.path.dirname(os.path.dirname(load("jupyter_server").__file__)), name)
        compileall.compile_dir(folder, quiet=2, rx=re.compile(r"/(tests?|testing|_vendored|staging)/"), workers=0)


# From Python 3.13 on compileall's workers load this file anew.
if __name__ == "__main__":
    main()
