"""Which files repo2docker builds each folder from, by its own code: JSON, folder → {pack, files}."""

import json
import os
import sys

from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import PipfileBuildPack, PythonBuildPack


def beside(pack, name):
    """A file that is there, in binder/ when there is one."""
    path = pack.binder_path(name)
    return [path] if os.path.isfile(path) else []


def chosen(folder):
    os.chdir(folder)
    app = Repo2Docker()
    packs = [pack(app.base_image) for pack in app.buildpacks]
    found = next((pack for pack in packs if pack.detect()), None)
    pack = found or app.default_buildpack(app.base_image)
    files = [name for name in pack.get_preassemble_script_files() if os.path.isfile(name)]
    files += beside(pack, "apt.txt")
    if pack.get_post_build_scripts():
        files += beside(pack, "postBuild")
    if pack.get_start_script():
        files += beside(pack, "start")
    if isinstance(found, (PipfileBuildPack, PythonBuildPack)) and pack.runtime[0] == "python":
        files += beside(pack, "runtime.txt")
    if any("pip install --no-cache-dir ." in line for _, line in pack.get_assemble_scripts()):
        files.append("setup.py" if os.path.exists("setup.py") else "pyproject.toml")
    return {"pack": type(found).__name__ if found else "default", "files": sorted(set(files))}


def main():
    folders = [os.path.abspath(folder) for folder in sys.argv[1:]]
    print(json.dumps({folder: chosen(folder) for folder in folders}))


main()
