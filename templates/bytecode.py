"""
Compiles the modules below a folder, side by side on all processors: compileall's own `-j` spends nearly as long on handing
files round as on compiling them. Test suites and what only installs packages are left out; a file that does not compile
(templates, code for another Python) is no fault. Standard library of any Python from 2.7 on.
"""

import compileall
import gc
import multiprocessing
import os
import re
import sys

LEFT_OUT = re.compile("/(tests?|pip|setuptools|pkg_resources)/")


def modules(root):
    found = []
    for folder, folders, names in os.walk(root):
        if LEFT_OUT.search(folder + "/"):
            del folders[:]
            continue
        found += [os.path.join(folder, name) for name in names if name.endswith(".py")]
    return [path for path in found if os.path.isfile(path)]


def main():
    # Nothing that lives long is made here.
    gc.disable()
    # By size, so that all have about as much to do.
    paths = sorted(modules(sys.argv[1]), key=os.path.getsize)
    jobs = multiprocessing.cpu_count()
    others = []
    for job in range(1, jobs):
        other = os.fork()
        if other == 0:
            others, paths = [], paths[job::jobs]
            break
        others.append(other)
    else:
        paths = paths[0::jobs]
    for path in paths:
        compileall.compile_file(path, quiet=2)
    for other in others:
        os.waitpid(other, 0)


main()
