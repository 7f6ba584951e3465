USER root
RUN mkdir -p /usr/local/lib/slipway /usr/local/share/slipway /usr/local/etc/jupyter/labconfig /etc/dpkg/dpkg.cfg.d
RUN printf '%s\n' \
    '#!/bin/sh' \
    '# Starts what the session runs: the repository'"'"'s `start` (R2D_ENTRYPOINT) around it when there is one.' \
    '# tini hands signals to the whole process group and returns the child'"'"'s exit code.' \
    'case "${1:-} ${2:-} ${3:-}" in' \
    '  # A hub set up for BinderHub asks Python whether it has JupyterLab before it starts one: the server'"'"'s Python knows.' \
    '  "python3 -c "*jupyterlab*)' \
    '    shift' \
    '    set -- "${NB_PYTHON_PREFIX:-/srv/jupyter}/bin/python3" "$@"' \
    '    ;;' \
    'esac' \
    'if [ -n "${R2D_ENTRYPOINT:-}" ]; then' \
    '  case $R2D_ENTRYPOINT in' \
    '    /*) start=$R2D_ENTRYPOINT ;;' \
    '    *) start=${REPO_DIR:-$HOME}/$R2D_ENTRYPOINT ;;' \
    '  esac' \
    '  if [ -x "$start" ]; then' \
    '    set -- "$start" "$@"' \
    '  else' \
    '    echo "slipway: $start cannot be run (missing or not executable); going on without it" >&2' \
    '  fi' \
    'fi' \
    'exec tini -s -g -- "$@"' \
    > /usr/local/bin/slipway-entrypoint && chmod 755 /usr/local/bin/slipway-entrypoint && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# The default command: the Jupyter server of the environment in which it lives, in the repository'"'"'s folder.' \
    '# The token comes from JUPYTER_TOKEN; without one the server makes its own.' \
    'cd "${REPO_DIR:-$HOME}" || exit 1' \
    'bin=${NB_PYTHON_PREFIX:-/srv/jupyter}/bin' \
    'for app in jupyter-lab jupyter-notebook; do' \
    '  if [ -x "$bin/$app" ]; then' \
    '    exec "$bin/$app" --ip=0.0.0.0 --port=8888 --no-browser "$@"' \
    '  fi' \
    'done' \
    'echo "slipway: there is no Jupyter server in $bin" >&2' \
    'exit 127' \
    > /usr/local/bin/slipway-server && chmod 755 /usr/local/bin/slipway-server && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# slipway-python <3.8 or 3.8.1>: puts a managed Python of uv'"'"'s, or of the mirror'"'"'s, at /srv/python/current. A patch release' \
    '# that nobody has becomes the newest of its kind, which is said in /srv/python/notices.' \
    'set -eu' \
    'export UV_PYTHON_INSTALL_DIR=/srv/python/managed UV_NO_CACHE=1' \
    'wanted=$1' \
    'install() {' \
    '  status=0' \
    '  uv python install --no-config --no-bin --no-progress --color never "$wanted" > /tmp/python.log 2>&1 || status=$?' \
    '  cat /tmp/python.log >&2' \
    '}' \
    'install' \
    'minor=$(echo "$wanted" | cut -d . -f 1,2)' \
    'if [ "$status" -ne 0 ] && [ "$wanted" != "$minor" ] && grep -q '"'"'No download found'"'"' /tmp/python.log; then' \
    '  nobody=$wanted wanted=$minor' \
    '  install' \
    'fi' \
    'if [ "$status" -ne 0 ] && grep -q '"'"'No download found'"'"' /tmp/python.log; then' \
    '  echo "slipway: there is no download of Python $1" >&2' \
    '  exit 66' \
    'elif [ "$status" -ne 0 ]; then' \
    '  echo "slipway: Python $1 could not be downloaded" >&2' \
    '  exit 75' \
    'fi' \
    'found=$(uv python find --no-config --managed-python "$wanted")' \
    'current=$(dirname "$(dirname "$(readlink -f "$found")")")' \
    'ln -s "$current" /srv/python/current' \
    'if [ -n "${nobody:-}" ]; then' \
    '  has=$("$current/bin/python3" -I -c '"'"'import sys; print("%d.%d.%d" % sys.version_info[:3])'"'"')' \
    '  message="There is no download of Python $nobody; it is $has."' \
    '  echo "slipway: $message" >&2' \
    '  echo "$message" > /srv/python/notices' \
    'fi' \
    'rm /tmp/python.log' \
    > /usr/local/bin/slipway-python && chmod 755 /usr/local/bin/slipway-python && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# slipway-bytecode <environment>: compiles its modules. Nothing of it is run for that, no .pth either.' \
    'exec "$1/bin/python" -E -S /usr/local/lib/slipway/bytecode.py "$1/lib" > /dev/null' \
    > /usr/local/bin/slipway-bytecode && chmod 755 /usr/local/bin/slipway-bytecode && \
    printf '%s\n' \
    '"""' \
    'Compiles the modules below a folder, side by side on all processors: compileall'"'"'s own `-j` spends nearly as long on handing' \
    'files round as on compiling them. Test suites and what only installs packages are left out; a file that does not compile' \
    '(templates, code for another Python) is no fault. Standard library of any Python from 2.7 on.' \
    '"""' \
    '' \
    'import compileall' \
    'import gc' \
    'import multiprocessing' \
    'import os' \
    'import re' \
    'import sys' \
    '' \
    'LEFT_OUT = re.compile("/(tests?|pip|setuptools|pkg_resources)/")' \
    '' \
    '' \
    'def modules(root):' \
    '    found = []' \
    '    for folder, folders, names in os.walk(root):' \
    '        if LEFT_OUT.search(folder + "/"):' \
    '            del folders[:]' \
    '            continue' \
    '        found += [os.path.join(folder, name) for name in names if name.endswith(".py")]' \
    '    return [path for path in found if os.path.isfile(path)]' \
    '' \
    '' \
    'def main():' \
    '    # Nothing that lives long is made here.' \
    '    gc.disable()' \
    '    # By size, so that all have about as much to do.' \
    '    paths = sorted(modules(sys.argv[1]), key=os.path.getsize)' \
    '    jobs = multiprocessing.cpu_count()' \
    '    others = []' \
    '    for job in range(1, jobs):' \
    '        other = os.fork()' \
    '        if other == 0:' \
    '            others, paths = [], paths[job::jobs]' \
    '            break' \
    '        others.append(other)' \
    '    else:' \
    '        paths = paths[0::jobs]' \
    '    for path in paths:' \
    '        compileall.compile_file(path, quiet=2)' \
    '    for other in others:' \
    '        os.waitpid(other, 0)' \
    '' \
    '' \
    'main()' \
    > /usr/local/lib/slipway/bytecode.py && chmod 755 /usr/local/lib/slipway/bytecode.py && \
    printf '%s\n' \
    '"""Byte-compiles what a session'"'"'s server and kernel load, in the environment whose Python runs this; the rest is left.' \
    '' \
    'Compiling everything would cost 40 MB in each image and 10 s, for modules that nobody loads.' \
    '"""' \
    '' \
    'import compileall' \
    'import importlib' \
    'import os' \
    'import re' \
    '' \
    '# Imported, so that what they need is compiled too.' \
    'MODULES = """' \
    'jupyterlab.labapp notebook.app nbgitpuller.handlers nbgitpuller jupyter_lsp jupyter_server_terminals jupyterhub.singleuser' \
    'jupyterhub.singleuser.app jupyterhub.singleuser.extension jupyter_server.serverapp nbconvert.exporters nbclient.client' \
    'papermill.execute ipykernel_launcher ipykernel.kernelapp ipykernel.ipkernel ipykernel.zmqshell ipywidgets IPython debugpy.server.api requests' \
    'yaml psutil bs4 matplotlib_inline.backend_inline jedi' \
    '""".split()' \
    '# Their parts are loaded later, or by name. Only compiled: some would start a server when they are imported.' \
    'TREES = """' \
    'jupyter_server jupyter_server_terminals jupyterlab_server jupyterlab jupyter_lsp jupyter_builder notebook notebook_shim' \
    'jupyter_client jupyter_core ipykernel IPython zmq tornado httpcore h11 jinja2 debugpy nbclient papermill' \
    '""".split()' \
    '' \
    '' \
    'def load(name):' \
    '    try:' \
    '        return importlib.import_module(name)' \
    '    except Exception as error:  # A later release may have moved it: then it is compiled when it is used.' \
    '        print("%s is not compiled: %s" % (name, error))' \
    '        return None' \
    '' \
    '' \
    'def main():' \
    '    for name in MODULES:' \
    '        load(name)' \
    '    for name in TREES:' \
    '        folder = os.path.join(os.path.dirname(os.path.dirname(load("jupyter_server").__file__)), name)' \
    '        compileall.compile_dir(folder, quiet=2, rx=re.compile(r"/(tests?|testing|_vendored|staging)/"), workers=0)' \
    '' \
    '' \
    '# From Python 3.13 on compileall'"'"'s workers load this file anew.' \
    'if __name__ == "__main__":' \
    '    main()' \
    > /usr/local/lib/slipway/server_imports.py && chmod 755 /usr/local/lib/slipway/server_imports.py && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# Takes out of the server'"'"'s environment what no session uses: source maps, the hub'"'"'s own pages, the tools that test' \
    '# JupyterLab in a browser, test suites, and Babel'"'"'s data for languages into which JupyterLab is not translated.' \
    'packages=$("$1/bin/python" -c '"'"'import sysconfig; print(sysconfig.get_path("purelib"))'"'"')' \
    'find "$1" -name '"'"'*.map'"'"' -delete' \
    'rm -rf "$1/share/jupyterhub/static/components" "$packages/jupyterlab/galata" "$packages/jupyterlab/tests" \' \
    '  "$packages/jupyterhub/tests" "$packages/tornado/test"' \
    '# JupyterLab'"'"'s package brings what is also in share/jupyter/lab, byte for byte: one copy under both names is enough.' \
    'for part in static schemas; do' \
    '  if diff -rq "$packages/jupyterlab/$part" "$1/share/jupyter/lab/$part" > /dev/null; then' \
    '    rm -rf "$packages/jupyterlab/$part"' \
    '    cp -al "$1/share/jupyter/lab/$part" "$packages/jupyterlab/$part"' \
    '  fi' \
    'done' \
    'find "$1" -path '"'"'*/babel/locale-data/*.dat'"'"' -regextype posix-extended \' \
    '  ! -regex '"'"'.*/(root|en|ar|ca|cs|da|de|el|es|et|fi|fr|he|hu|hy|id|it|ja|ko|lt|nb|nl|no|pl|pt|ro|ru|si|sv|tr|uk|vi|zh)(_[A-Za-z]+)*\.dat'"'"' -delete' \
    > /usr/local/bin/slipway-prune && chmod 755 /usr/local/bin/slipway-prune && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# slipway-resolve debian|managed <options of resolve.py>: leaves what the next stage takes in /tmp/made/env, too. To copy a' \
    '# folder the engine walks through all that is beside it, which in /srv is thousands of files and takes a second.' \
    'set -eu' \
    'case $1 in managed) python=/srv/python/current/bin/python3 ;; *) python=/usr/bin/python3 ;; esac' \
    'shift' \
    '/usr/bin/python3 -E -s -B /usr/local/lib/slipway/resolve.py --python="$python" "$@"' \
    'mkdir /tmp/made' \
    'cp -al /srv/env /tmp/made/' \
    > /usr/local/bin/slipway-resolve && chmod 755 /usr/local/bin/slipway-resolve && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# Goes on where slipway-resolve needed compilers. As root, in a stage in which nobody'"'"'s code has run yet: only then is' \
    '# the rest done, unprivileged. Leaves /tmp/made/env as slipway-resolve does.' \
    'set -eu' \
    'if [ ! -e /srv/env/share/slipway/compilers ]; then' \
    '  mkdir /tmp/made' \
    '  exec cp -al /srv/env /tmp/made/' \
    'fi' \
    'headers=$([ "$1" = managed ] || echo python3-dev)' \
    'apt-get update -q' \
    '# shellcheck disable=SC2086' \
    'DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends build-essential pkg-config $headers > /dev/null' \
    'exec setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs slipway-resolve "$@" --compilers' \
    > /usr/local/bin/slipway-compile && chmod 755 /usr/local/bin/slipway-compile && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# slipway-install debian|managed <index options>: the lock'"'"'s wheels, and nothing else, into /srv/env. Where the locks of' \
    '# an environment that is gone on from are in /tmp/slipway-before, only what that one lacks.' \
    '# Nobody'"'"'s code runs here (the shared cache may be mounted): nothing is built, and uv asks the interpreter about itself' \
    '# only while the environment is still empty.' \
    'set -eu' \
    'case $1 in managed) python=/srv/python/current/bin/python3 ;; *) python=/usr/bin/python3 ;; esac' \
    'shift' \
    'lock=/srv/env/share/slipway/python.lock' \
    '# It comes from a stage in which anybody'"'"'s code may have run: a link would show what only this step may read.' \
    'if [ -L "$lock" ] || [ ! -f "$lock" ]; then' \
    '  echo "slipway: the lock is no file" >&2' \
    '  exit 64' \
    'fi' \
    'name='"'"'[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?'"'"'' \
    'if grep -Evn "^$name==[A-Za-z0-9.!+_-]+( --hash=(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))+\$" "$lock" >&2; then' \
    '  echo "slipway: the lock has lines that are no lock'"'"'s" >&2' \
    '  exit 64' \
    'fi' \
    'before=/tmp/slipway-before' \
    'if [ -d "$before" ]; then' \
    '  if [ -L "$before/python.lock" ] || [ ! -f "$before/python.lock" ] || [ -L "$before/build.lock" ] ||' \
    '    [ -s "$before/build.lock" ] || [ -s "${lock%/*}/build.lock" ] || grep -Fvxq -f "$lock" "$before/python.lock"; then' \
    '    echo "slipway: this environment cannot go on from that one" >&2' \
    '    exit 76' \
    '  fi' \
    '  grep -Fvx -f "$before/python.lock" "$lock" > /tmp/slipway-more.lock || true' \
    '  lock=/tmp/slipway-more.lock' \
    'fi' \
    'if [ -n "${UV_CACHE_DIR:-}" ]; then' \
    '  export UV_LINK_MODE=copy' \
    'else' \
    '  export UV_LINK_MODE=hardlink UV_NO_CACHE=1' \
    'fi' \
    '# The system'"'"'s packages are let in, because only then does pip allow `pip install --user`, which postBuild scripts use.' \
    'uv venv -q --no-config --no-managed-python --no-python-downloads --python "$python" --system-site-packages --allow-existing /srv/env' \
    'uv pip install -q --no-config --python /srv/env/bin/python --no-deps --no-build --require-hashes "$@" -r "$lock"' \
    > /usr/local/bin/slipway-install && chmod 755 /usr/local/bin/slipway-install && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# slipway-finish isolated|environment [COMMAND]: kernel, widgets and byte code of /srv/env. `isolated`: the Jupyter server is' \
    '# not in it. COMMAND starts the kernel. The packages'"'"' own code (a .pth) may run here: no cache is mounted.' \
    'set -eu' \
    'share=/srv/env/share' \
    'major=$(/srv/env/bin/python -c '"'"'import sys; print(sys.version_info[0])'"'"')' \
    'kernel='"'"'{"argv":['"'"'${2:+\"$2\",}'"'"'"/srv/env/bin/python","-m","ipykernel_launcher","-f","{connection_file}"],"display_name":"Python '"'"'$major'"'"' (ipykernel)","language":"python","metadata":{"debugger":true}}'"'"'' \
    '# `python3` is the name of the kernel that every front end starts unasked, so it is Python 2 too where that is all there is.' \
    'for name in python3 "python$major"; do' \
    '  mkdir -p "$share/jupyter/kernels/$name"' \
    '  echo "$kernel" > "$share/jupyter/kernels/$name/kernel.json"' \
    'done' \
    '' \
    'if [ "$1" = isolated ]; then' \
    '  # Front ends of the kernel'"'"'s libraries would hide the server'"'"'s own, which fit its JupyterLab.' \
    '  front=$share/jupyter/labextensions' \
    '  rm -rf "$front/@jupyter-widgets/jupyterlab-manager" "$front/jupyterlab_pygments"' \
    '  major=$(find /srv/env/lib -maxdepth 3 -name '"'"'ipywidgets-*-info'"'"' | sed -n '"'"'s/.*ipywidgets-\([0-9]*\).*/\1/p'"'"' | head -n 1)' \
    '  case $major in' \
    '    7)' \
    '      mkdir -p "$front/@jupyter-widgets"' \
    '      cp -R /srv/jupyter/share/slipway/widgets7/jupyterlab-manager "$front/@jupyter-widgets/"' \
    '      ;;' \
    '    [1-6])' \
    '      message="ipywidgets $major has no front end for today'"'"'s JupyterLab: its widgets stay blank"' \
    '      echo "slipway: $message"' \
    '      echo "$message" >> "$share/slipway/notices"' \
    '      ;;' \
    '  esac' \
    'fi' \
    '[ ! -e /srv/python/notices ] || cat /srv/python/notices >> "$share/slipway/notices"' \
    'exec slipway-bytecode /srv/env' \
    > /usr/local/bin/slipway-finish && chmod 755 /usr/local/bin/slipway-finish && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# slipway-package <cut-off> <folder in the repository> <extras> <--editable or nothing> <index options>' \
    '# Installs a folder of the repository into /srv/env, as of the environment'"'"'s own day, without moving what is locked' \
    '# there; when that has no solution, as pip would have done it, and says so, unless SLIPWAY_FIXED is set. No cache is' \
    '# mounted: its setup.py runs here.' \
    'set -eu' \
    'cutoff=$1 folder=/home/jovyan${2:+/$2} extras=$3 editable=$4' \
    'shift 4' \
    'lock=/srv/env/share/slipway' \
    'used=$(cat "$lock/resolved-as-of" 2> /dev/null || echo latest)' \
    'case $used in latest) cutoff=none ;; ????-??-??) cutoff=${used}T23:59:59Z ;; esac' \
    'scratch=$(mktemp -d)' \
    '# What conda brought is in a file of its own.' \
    'cat "$lock/python.lock" "$lock/build.lock" "$lock/constraints" 2> /dev/null | cut -d '"'"' '"'"' -f 1 | grep == > "$scratch/constraints" || true' \
    'ancient=' \
    '# conda'"'"'s Pythons from 3.10 on have a lib/python3.1 beside theirs.' \
    'for found in /srv/env/lib/python2.* /srv/env/lib/python3.[2-5]; do [ ! -d "$found" ] || ancient=yes; done' \
    '[ "$cutoff" = none ] || [ -n "$ancient" ] || set -- --exclude-newer "$cutoff" "$@"' \
    '[ -z "$editable" ] || set -- "$@" --editable' \
    'export UV_CACHE_DIR="$scratch/cache" UV_LINK_MODE=hardlink' \
    'unset UV_NO_CACHE' \
    'install() {' \
    '  if [ -n "$ancient" ]; then' \
    '    # uv knows no Python before 3.6, and such a pip no day.' \
    '    slipway-conda dated_index "$cutoff" /srv/env/bin/python -m pip install "$@"' \
    '    return' \
    '  fi' \
    '  uv pip install --no-progress --color never --no-python-downloads --python /srv/env/bin/python \' \
    '    --config-file /usr/local/lib/slipway/dependency-metadata.toml --index-strategy unsafe-best-match "$@"' \
    '}' \
    'status=0' \
    'install -c "$scratch/constraints" "$@" "$folder$extras" > "$scratch/log" 2>&1 || status=$?' \
    'cat "$scratch/log" >&2' \
    '# 75: the index did not answer.' \
    'if [ "$status" -ne 0 ] && [ "$status" -ne 75 ] && [ -z "${SLIPWAY_FIXED:-}" ] && grep -Eq '"'"'No solution found|No matching distribution found|ResolutionImpossible'"'"' "$scratch/log"; then' \
    '  echo "slipway: $folder asks for other versions than the environment has; they are moved for it" >&2' \
    '  status=0' \
    '  install "$@" "$folder$extras" || status=$?' \
    'fi' \
    'rm -rf "$scratch"' \
    'exit "$status"' \
    > /usr/local/bin/slipway-package && chmod 755 /usr/local/bin/slipway-package && \
    printf '%s\n' \
    '"""From requirements to a lock, in a stage that is thrown away: a setup.py may run here.' \
    '' \
    'Writes into /srv/env/share/slipway: python.lock (what has a wheel), build.lock (what has to be built, or comes from a URL),' \
    'resolved-as-of, notices; what was built is installed under /srv/env, beside nothing else. Without compilers a failed' \
    'build leaves `compilers` there for the next stage, which has them, to go on. Standard library of Python 3.9 only.' \
    '"""' \
    '' \
    'import argparse' \
    'import glob' \
    'import os' \
    'import re' \
    'import shutil' \
    'import sys' \
    '' \
    'import locked' \
    'import pylock' \
    'from pins import Pins' \
    'from uv import Uv, download, normal, say, stop' \
    '' \
    'LOCK = "/srv/env/share/slipway"' \
    'WANTED = os.path.join(LOCK, "compilers")' \
    '' \
    '' \
    'def options():' \
    '    parser = argparse.ArgumentParser(allow_abbrev=False)' \
    '    parser.add_argument("--python", required=True)' \
    '    for name in ("requirement", "constraint", "cutoff", "extra", "index-option"):' \
    '        parser.add_argument("--" + name, action="append", default=[])' \
    '    parser.add_argument("--locked", help="a file with the lines of a lock, which are taken as they are")' \
    '    parser.add_argument("--prereleases", action="store_true")' \
    '    parser.add_argument("--compilers", action="store_true")' \
    '    return parser.parse_args()' \
    '' \
    '' \
    'def write(name, lines):' \
    '    path = os.path.join(LOCK, name)' \
    '    with open(path, "w") as file:' \
    '        file.write("".join(line + "\n" for line in lines))' \
    '    return path' \
    '' \
    '' \
    'def name_of(requirement):' \
    '    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)' \
    '    return normal(found[0]) if found else ""' \
    '' \
    '' \
    'class Resolution:' \
    '    """The work for one day."""' \
    '' \
    '    def __init__(self, uv, given):' \
    '        self.uv = uv' \
    '        self.given = given' \
    '        self.notices = []' \
    '        self.pins = Pins(uv, given.requirement, given.constraint, self.notice)' \
    '' \
    '    def notice(self, message):' \
    '        if message not in self.notices:' \
    '            self.notices.append(message)' \
    '            say(message)' \
    '' \
    '    def compile(self, requirements, constraints, *more):' \
    '        """(answer, packages) of one run of the resolver; files without a declared hash are left out."""' \
    '        output = os.path.join(LOCK, "pylock.toml")' \
    '        if os.path.exists(output):' \
    '            os.remove(output)' \
    '        arguments = ["pip", "compile", write("requirements.in", requirements)]' \
    '        arguments += ["-c", write("constraints.in", constraints)] if constraints else []' \
    '        arguments += ["--format", "pylock.toml", "--no-header", "--no-annotate", "-o", output, *more]' \
    '        answer = self.uv.ask({}, *arguments)' \
    '        packages = pylock.read(output) if answer.kind == "ok" else []' \
    '        for name in locked.hold(packages, requirements)[:1]:' \
    '            answer.kind, answer.package = "hash-mismatch", name' \
    '        return answer, packages' \
    '' \
    '    def with_extras(self, declared):' \
    '        """Adds what a kernel needs; it never moves a version that the requirements led to, and at worst what they name."""' \
    '        requirements, constraints = self.pins.requirements, self.pins.constraints' \
    '        exact = ["%s==%s" % (package.name, package.version) for package in declared if package.source is None]' \
    '        names = {name_of(requirement) for requirement in requirements}' \
    '        loose = [pin for pin in exact if name_of(pin) in names]' \
    '        wanted = requirements + [extra for extra in self.given.extra if normal(extra) not in names]' \
    '        for pins in (exact, loose):' \
    '            answer, packages = self.compile(wanted, constraints + pins)' \
    '            if answer.kind not in ("no-solution", "not-found"):' \
    '                return answer, packages' \
    '        kept = list(requirements)' \
    '        packages = declared' \
    '        for extra in wanted[len(requirements):]:' \
    '            more, found = self.compile([*kept, extra], constraints + loose)' \
    '            if more.kind == "ok":' \
    '                kept.append(extra)' \
    '                packages = found' \
    '            elif more.kind == "upstream":' \
    '                return more, []' \
    '            elif extra == "ipykernel":' \
    '                return more, []' \
    '            else:' \
    '                self.notice("%s does not go with what is declared, and is left out." % extra)' \
    '        answer.kind = "ok"' \
    '        return answer, packages' \
    '' \
    '    def resolve(self):' \
    '        """(answer, packages) as of the day that `uv.cutoff` says."""' \
    '        if self.given.locked:' \
    '            with open(self.given.locked) as file:' \
    '                return locked.resolve(self, file.read().splitlines())' \
    '        declared = []' \
    '        if self.pins.requirements:' \
    '            # What a kernel needs besides is of no pre-release; the exact versions of what is declared then let those in.' \
    '            pre = ["--prerelease", "allow"] if self.given.prereleases else []' \
    '            answer, declared = self.compile(self.pins.requirements, self.pins.constraints, *pre)' \
    '            self.warn(answer)' \
    '            if answer.kind != "ok":' \
    '                return answer, []' \
    '        return self.with_extras(declared)' \
    '' \
    '    def warn(self, answer):' \
    '        for package in answer.refused[:10]:' \
    '            self.notice("uv refuses the metadata of %s, so another version may have been taken." % package)' \
    '        for package, why in sorted(answer.yanked.items())[:10]:' \
    '            self.notice("%s was withdrawn by its authors%s, and is taken because it is pinned." % (package, " (%s)" % why.strip('"'"' "'"'"')[:150] if why else ""))' \
    '' \
    '' \
    'def build(uv, packages, python, is_last):' \
    '    """' \
    '    Builds what has no wheel, and installs it alone under /srv/env.' \
    '    is_last: what fails is not built again with compilers, so all that fail are wanted' \
    '    Returns the answer of the first failure, or of success, and the names of what failed.' \
    '    """' \
    '    versions = {package.name: package.version for package in packages if package.wheel}' \
    '    scratch = "/tmp/slipway-build"' \
    '    uv.run("venv", "--quiet", "--clear", scratch)' \
    '    uv.python, wheels, failed, first = scratch + "/bin/python", [], [], None' \
    '    for package in [package for package in packages if not package.wheel]:' \
    '        if re.match(r"https?://[^#]*\.whl(?:#|$)", package.source or ""):' \
    '            wheels.append(package.line())' \
    '            continue' \
    '        say("building %s" % (package.line().split(" --hash")[0]))' \
    '        answer = uv.ask(versions, "pip", "install", "--quiet", "--no-deps", "--reinstall", "-r", write("one.lock", [package.line()]))' \
    '        if answer.kind == "ok":' \
    '            wheels.append(built(package.name))' \
    '            continue' \
    '        first = first or answer' \
    '        failed.append(package.name)' \
    '        if answer.kind != "build-failed" or not is_last:' \
    '            break' \
    '    uv.python = python' \
    '    if first is not None:' \
    '        return first, failed' \
    '    uv.run("venv", "--quiet", "--allow-existing", "/srv/env")' \
    '    uv.python = "/srv/env/bin/python"' \
    '    answer = uv.run("pip", "install", "--quiet", "--no-deps", "-r", write("one.lock", wheels))' \
    '    uv.python = python' \
    '    leave_alone()' \
    '    return answer, []' \
    '' \
    '' \
    'def built(name):' \
    '    """The wheel that uv has just made of a package."""' \
    '    pattern = re.compile(r"^%s-[^/]*\.whl$" % name.replace("-", "[-_.]"), re.I)' \
    '    found = glob.glob("/tmp/slipway-uv/sdists-v*/**/*.whl", recursive=True)' \
    '    return max((path for path in found if pattern.match(os.path.basename(path))), key=os.path.getmtime)' \
    '' \
    '' \
    'def leave_alone():' \
    '    """Takes away what belongs to the virtual environment itself: the real one is made in a clean stage."""' \
    '    skeleton = ["pyvenv.cfg", "lib64", "CACHEDIR.TAG", ".gitignore", ".lock", "bin/activate*", "bin/deactivate*", "bin/python*", "bin/pydoc.bat"]' \
    '    for pattern in [*skeleton, "lib/python*/site-packages/_virtualenv.*"]:' \
    '        for path in glob.glob(os.path.join("/srv/env", pattern)):' \
    '            os.remove(path)' \
    '' \
    '' \
    'def day_of(cutoff):' \
    '    return cutoff[:10] if cutoff != "none" else "latest"' \
    '' \
    '' \
    'def finish(work, packages):' \
    '    day = day_of(work.uv.cutoff)' \
    '    write("python.lock", [package.line() for package in packages if package.wheel])' \
    '    write("build.lock", [package.line() for package in packages if not package.wheel])' \
    '    write("resolved-as-of", [day])' \
    '    write("notices", work.notices)' \
    '    for name in ("requirements.in", "constraints.in", "pylock.toml", "one.lock", "pin.in", "uv.toml", "compilers"):' \
    '        if os.path.exists(os.path.join(LOCK, name)):' \
    '            os.remove(os.path.join(LOCK, name))' \
    '    say("%d packages as of %s" % (len(packages), day))' \
    '' \
    '' \
    'def reason(answer):' \
    '    """Why a day will not do, in a few words."""' \
    '    if answer.kind == "build-failed":' \
    '        return "%s could not be built" % (answer.package or "a package")' \
    '    if answer.kind == "hash-mismatch":' \
    '        return "no file of %s has a hash that is declared for it" % answer.package' \
    '    if answer.kind == "not-found":' \
    '        return "there was no package %s" % answer.missing' \
    '    found = re.search(r"Because (.*?), we can conclude", " ".join(answer.text.split()))' \
    '    return found[1][:200] if found else "the requirements have no solution"' \
    '' \
    '' \
    'def fail(answer):' \
    '    if answer.kind == "upstream":' \
    '        stop(75, "the package index or a package'"'"'s source did not answer; this is tried again as it is", answer)' \
    '    if answer.kind == "build-failed":' \
    '        stop(70, "%s could not be built" % (answer.package or "a package"), answer)' \
    '    if answer.kind == "hash-mismatch":' \
    '        stop(67, "no file of %s in the index has a hash that is declared for it" % answer.package, answer)' \
    '    if answer.kind == "not-found":' \
    '        stop(66, "there is no package %s in the index" % answer.missing, answer)' \
    '    if answer.kind == "no-solution":' \
    '        stop(65, "these requirements have no solution", answer)' \
    '    stop(64, "uv could not work on these requirements", answer)' \
    '' \
    '' \
    'def attempt(work, given):' \
    '    """One day: None when done, else the answer that speaks against it."""' \
    '    while True:' \
    '        answer, packages = work.resolve()' \
    '        failed = [normal(answer.package)] if answer.kind == "build-failed" and answer.package else []' \
    '        if answer.kind == "ok" and any(not package.wheel for package in packages):' \
    '            answer, failed = build(work.uv, packages, given.python, given.compilers)' \
    '        if answer.kind == "ok":' \
    '            finish(work, packages)' \
    '            return None' \
    '        if answer.kind == "build-failed" and not given.compilers:' \
    '            write("compilers", [answer.package or "?"])' \
    '            say("%s has to be compiled" % (answer.package or "a package"))' \
    '            return None' \
    '        if answer.kind not in ("build-failed", "no-solution") or not work.pins.move(answer, failed, os.path.join(LOCK, "pin.in")):' \
    '            return answer' \
    '' \
    '' \
    'def main():' \
    '    given = options()' \
    '    if given.compilers and not os.path.exists(WANTED):' \
    '        return' \
    '    shutil.rmtree("/tmp/slipway-uv", ignore_errors=True)' \
    '    with open(os.path.join(os.path.dirname(__file__), "dependency-metadata.toml")) as file:' \
    '        metadata = file.read()' \
    '    os.makedirs(LOCK, exist_ok=True)' \
    '    uv = Uv(given.python, LOCK, metadata, given.index_option)' \
    '    first = None' \
    '    for cutoff in given.cutoff:' \
    '        uv.cutoff = cutoff' \
    '        work = Resolution(uv, given)' \
    '        if first is not None:' \
    '            day = "of no day, the latest" if cutoff == "none" else "as of %s" % day_of(cutoff)' \
    '            work.notice("There is no environment as of %s (%s), so packages are %s." % (day_of(given.cutoff[0]), reason(first), day))' \
    '        verdict = attempt(work, given)' \
    '        if verdict is None:' \
    '            return' \
    '        if verdict.kind in ("upstream", "error"):' \
    '            fail(verdict)' \
    '        if first is not None and verdict.kind == "build-failed" == first.kind and verdict.package == first.package:' \
    '            break' \
    '        first = first or verdict' \
    '    fail(first)' \
    '' \
    '' \
    'main()' \
    > /usr/local/lib/slipway/resolve.py && chmod 755 /usr/local/lib/slipway/resolve.py && \
    printf '%s\n' \
    '"""Runs uv'"'"'s resolver and says what its answer means. Standard library of Python 3.9 only."""' \
    '' \
    'import os' \
    'import re' \
    'import subprocess' \
    'import sys' \
    'import urllib.request' \
    '' \
    'UPSTREAM = re.compile(' \
    '    r"error sending request|Request failed after|dns error|[Cc]onnection (?:refused|reset|closed)|timed out"' \
    '    r"|HTTP status server error|HTTP Error 5\d\d|429 Too Many|Temporary failure in name resolution|Could not resolve host"' \
    '    r"|NewConnectionError|Network is unreachable|unexpected EOF|error decoding response body"' \
    '    r"|Failed to connect to|Couldn'"'"'t connect to|The requested URL returned error: (?:5\d\d|429)"' \
    ')' \
    'NOT_FOUND = re.compile(r"(?:Because |and |, )([A-Za-z0-9._-]+) was not found in the package registry")' \
    'FAILED = re.compile(r"(?:build|wheel for) `([A-Za-z0-9._-]+)(?:==| @ |`)")' \
    'MISSING = re.compile(r"(?:No module named|cannot import name) ['"'"'\"]?([A-Za-z0-9_]+)")' \
    'UNDATED = re.compile(r"^warning: `([^`]+)` is missing an upload date", re.M)' \
    'YANKED = re.compile(r"^warning: `([^`]+)` is yanked(?: \(reason: \"?(.*?)\"?\))?$", re.M)' \
    'REFUSED = re.compile(r"`([A-Za-z0-9._-]+==[^`]+)` has invalid metadata")' \
    '' \
    '# Modules that a setup.py imports without asking for them, and what brings each.' \
    'BUILD_MODULES = {' \
    '    "Cython": "cython<3", "numpy": "numpy", "scipy": "scipy", "six": "six", "pkg_resources": "setuptools<81",' \
    '    "setuptools_scm": "setuptools-scm", "pybind11": "pybind11", "cffi": "cffi", "pbr": "pbr", "future": "future",' \
    '    "requests": "requests", "yaml": "pyyaml", "jinja2": "jinja2", "wheel": "wheel", "packaging": "packaging",' \
    '    "setuptools": "setuptools", "pandas": "pandas", "dateutil": "python-dateutil", "docutils": "docutils",' \
    '    "pytest_runner": "pytest-runner", "versioneer": "versioneer", "mpi4py": "mpi4py", "torch": "torch",' \
    '    "nose": "nose", "attr": "attrs", "toml": "toml", "tomli": "tomli", "extension_helpers": "extension-helpers",' \
    '    "pip": "pip", "matplotlib": "matplotlib", "jupyter_packaging": "jupyter-packaging", "tqdm": "tqdm",' \
    '}' \
    '' \
    '' \
    'def say(message):' \
    '    """One line for people, which the build'"'"'s log marks as ours."""' \
    '    print("slipway: " + message, flush=True)' \
    '' \
    '' \
    'def normal(name):' \
    '    return re.sub(r"[-_.]+", "-", name).lower()' \
    '' \
    '' \
    'def missing_need(text):' \
    '    """What a build that failed lacked, as a requirement; None if that is not known."""' \
    '    if "use_2to3 is invalid" in text:' \
    '        return "setuptools<58"' \
    '    module = MISSING.search(text)' \
    '    return BUILD_MODULES.get(module[1]) if module else None' \
    '' \
    '' \
    'class Answer:' \
    '    """What uv said: `ok`, `no-solution`, `not-found`, `upstream`, `build-failed` or `error`."""' \
    '' \
    '    def __init__(self, code, text):' \
    '        self.text = re.sub(r"^(?:WARN|INFO|DEBUG) .*\n?", "", text, flags=re.M).strip()' \
    '        self.refused = sorted(set(REFUSED.findall(text)))' \
    '        self.undated = sorted({normal(re.split(r"-\d", file)[0]) for file in UNDATED.findall(text)})' \
    '        self.yanked = dict(YANKED.findall(text))' \
    '        self.kind = self._kind(code)' \
    '        self.package = (FAILED.search(self.text) or [None, None])[1]' \
    '        self.missing = (NOT_FOUND.search(self.text) or [None, None])[1]' \
    '' \
    '    def _kind(self, code):' \
    '        if code == 0:' \
    '            return "ok"' \
    '        if UPSTREAM.search(self.text):' \
    '            return "upstream"' \
    '        # A build that finds no versions for its own requirements fails as a build.' \
    '        if re.search(r"[Ff]ailed to (?:download and )?build|build backend returned|Git operation failed", self.text):' \
    '            return "build-failed"' \
    '        if NOT_FOUND.search(self.text):' \
    '            return "not-found"' \
    '        return "no-solution" if "No solution found" in self.text else "error"' \
    '' \
    '' \
    'class Uv:' \
    '    """uv with the day, index and metadata of one resolution. What it learns on the way (build requirements that a' \
    '    setup.py hides, packages without upload times) holds for the next call."""' \
    '' \
    '    def __init__(self, python, folder, metadata, index_options):' \
    '        self.python = python' \
    '        self.folder = folder' \
    '        self.metadata = metadata' \
    '        self.index_options = index_options' \
    '        self.extra_builds = {}' \
    '        self.undated = set()' \
    '        self.cutoff = "none"' \
    '' \
    '    def _config(self):' \
    '        path = os.path.join(self.folder, "uv.toml")' \
    '        tables = ["[extra-build-dependencies]\n"]' \
    '        for name, needs in sorted(self.extra_builds.items()):' \
    '            tables.append("%s = [%s]\n" % (name, ", ".join('"'"'"%s"'"'"' % need for need in sorted(needs))))' \
    '        with open(path, "w") as file:' \
    '            file.write("".join(tables) + "\n" + self.metadata)' \
    '        return path' \
    '' \
    '    def _days(self):' \
    '        if self.cutoff == "none":' \
    '            return []' \
    '        days = ["--exclude-newer", self.cutoff]' \
    '        if self.cutoff < "2019-06-01":' \
    '            # uv wants a setuptools for every setup.py that is younger than those days.' \
    '            for name in ("setuptools", "wheel"):' \
    '                days += ["--exclude-newer-package", name + "=2019-06-01T00:00:00Z"]' \
    '        for name in sorted(self.undated):' \
    '            days += ["--exclude-newer-package", name + "=false"]' \
    '        return days' \
    '' \
    '    def run(self, *arguments):' \
    '        strategy = ["--index-strategy", "unsafe-best-match"] if self.index_options else []' \
    '        command = ["uv", *arguments, "--python", self.python, "--config-file", self._config(), *self._days()]' \
    '        command += ["--no-progress", "--color", "never", "--no-python-downloads", *self.index_options, *strategy]' \
    '        environment = dict(os.environ, RUST_LOG="warn", UV_CACHE_DIR="/tmp/slipway-uv", UV_LINK_MODE="hardlink")' \
    '        environment.pop("UV_NO_CACHE", None)' \
    '        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")' \
    '        return Answer(done.returncode, done.stdout)' \
    '' \
    '    def ask(self, versions, *arguments):' \
    '        """`run`, again as long as something new was learnt. `versions`: of packages already locked, by name."""' \
    '        for _ in range(12):' \
    '            answer = self.run(*arguments)' \
    '            if not self._learn(answer, versions):' \
    '                return answer' \
    '        return answer' \
    '' \
    '    def _learn(self, answer, versions):' \
    '        fresh = set(answer.undated) - self.undated' \
    '        if fresh and self.cutoff != "none":' \
    '            self.undated |= fresh' \
    '            say("the index has no upload times for %s: taken as of today" % ", ".join(sorted(fresh)))' \
    '            return True' \
    '        need = missing_need(answer.text) if answer.kind == "build-failed" else None' \
    '        if need is None or answer.package is None:' \
    '            return False' \
    '        if need in versions:' \
    '            need += "==" + versions[need]' \
    '        known = self.extra_builds.setdefault(normal(answer.package), set())' \
    '        if need in known:' \
    '            return False' \
    '        known.add(need)' \
    '        say("%s needs %s to be built, without saying so" % (answer.package, need))' \
    '        return True' \
    '' \
    '' \
    'def download(url, path):' \
    '    with urllib.request.urlopen(url, timeout=60) as response, open(path, "wb") as file:' \
    '        while True:' \
    '            block = response.read(1 << 16)' \
    '            if not block:' \
    '                return' \
    '            file.write(block)' \
    '' \
    '' \
    'def stop(code, message, answer=None):' \
    '    """Ends with what uv said and one line of ours. 75 upstream, 65 no solution, 66 no such package, 67 other hashes, 70 no build."""' \
    '    if answer is not None:' \
    '        print(answer.text, file=sys.stderr, flush=True)' \
    '    print("slipway: " + message, file=sys.stderr, flush=True)' \
    '    sys.exit(code)' \
    > /usr/local/lib/slipway/uv.py && chmod 755 /usr/local/lib/slipway/uv.py && \
    printf '%s\n' \
    '"""Moves exact pins that this Python cannot have, each to the nearest version that comes ready-built. Never silently, and only' \
    'after the pin itself was tried. Standard library of Python 3.9 only."""' \
    '' \
    'import re' \
    '' \
    'from uv import normal' \
    '' \
    'PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*==\s*([A-Za-z0-9.!+_-]+)\s*(;.*)?$")' \
    '# What uv says of a version that no file of fits, or that wants another Python.' \
    'UNFIT = re.compile(r"([A-Za-z0-9._-]+)==(\S+) (?:has no (?:usable )?wheels|depends on Python)")' \
    'ASKED = re.compile(r"you require ([A-Za-z0-9._-]+)==([^\s,]+)")' \
    '# Names under which nothing is to be had any more, by what is meant.' \
    'RENAMED = {"sklearn": "scikit-learn"}' \
    '' \
    '' \
    'class Pins:' \
    '    """The requirements and constraints of a resolution, of which some may have been moved."""' \
    '' \
    '    def __init__(self, uv, requirements, constraints, notice):' \
    '        self.uv = uv' \
    '        self.requirements = list(requirements)' \
    '        self.constraints = list(constraints)' \
    '        self.notice = notice' \
    '        self.moved = set()' \
    '' \
    '    def _pinned(self):' \
    '        """Name → version of every exact pin."""' \
    '        found = [PIN.match(line) for line in self.requirements + self.constraints]' \
    '        return {normal(pin[1]): pin[3] for pin in found if pin}' \
    '' \
    '    def _replace(self, name, wanted):' \
    '        for lines in (self.requirements, self.constraints):' \
    '            for index, line in enumerate(lines):' \
    '                pin = PIN.match(line)' \
    '                if pin and normal(pin[1]) == name:' \
    '                    lines[index] = " ".join(filter(None, [pin[1] + (pin[2] or "") + wanted, pin[4]]))' \
    '        self.moved.add(name)' \
    '' \
    '    def _ready_built(self, path, wanted, order):' \
    '        """The version that uv takes for one requirement if nothing may be built; None if there is none."""' \
    '        name = re.match(r"[A-Za-z0-9._-]+", wanted)[0]' \
    '        with open(path, "w") as file:' \
    '            file.write(wanted + "\n")' \
    '        arguments = ["pip", "compile", path, "--no-deps", "--only-binary", name, "--resolution", order]' \
    '        answer = self.uv.run(*arguments, "--quiet", "--no-header", "--no-annotate")' \
    '        found = re.search(r"^%s==(\S+)" % re.escape(normal(name)), answer.text, re.M) if answer.kind == "ok" else None' \
    '        return found and found[1]' \
    '' \
    '    def _nearest(self, path, name, version):' \
    '        for wanted, order in ((">" + version, "lowest"), ("<" + version, "highest")):' \
    '            found = self._ready_built(path, name + wanted, order)' \
    '            if found:' \
    '                return found' \
    '        return None' \
    '' \
    '    def _has_wheel_later(self, path, name, version):' \
    '        day, self.uv.cutoff = self.uv.cutoff, "none"' \
    '        try:' \
    '            return self._ready_built(path, "%s==%s" % (name, version), "highest")' \
    '        finally:' \
    '            self.uv.cutoff = day' \
    '' \
    '    def move(self, answer, failed, path):' \
    '        """' \
    '        Whether requirements were changed after an answer that was no, so that another try is worth it.' \
    '        failed: packages that could not be built, by name; path: of a file for scratch' \
    '        """' \
    '        pinned = self._pinned()' \
    '        text = " ".join(answer.text.split())' \
    '        unfit = {normal(name) for name, _ in UNFIT.findall(text)} if answer.kind == "no-solution" else set()' \
    '        changed = False' \
    '        for name in sorted((unfit | set(failed)) - self.moved):' \
    '            if name in RENAMED and name in failed:' \
    '                changed |= self._rename(name, RENAMED[name])' \
    '            elif name in pinned and not self._has_wheel_later(path, name, pinned[name]):' \
    '                why = "no wheel for this Python and cannot be built" if name in failed else "no file for this Python"' \
    '                changed |= self._move_pin(path, name, pinned[name], why)' \
    '        if not changed and answer.kind == "no-solution" and self.moved:' \
    '            changed = self._loosen(text, pinned)' \
    '        return changed' \
    '' \
    '    def _move_pin(self, path, name, version, why):' \
    '        found = self._nearest(path, name, version)' \
    '        if found is None:' \
    '            return False' \
    '        self.notice("%s %s has %s; it is %s, the nearest version that has one." % (name, version, why, found))' \
    '        self._replace(name, "==" + found)' \
    '        return True' \
    '' \
    '    def _loosen(self, text, pinned):' \
    '        """Pins that what was moved does not go with become lower bounds."""' \
    '        against = {normal(name) for name, version in ASKED.findall(text) if pinned.get(normal(name)) == version}' \
    '        for name in sorted(against):' \
    '            self._replace(name, ">=" + pinned[name])' \
    '            self.notice("%s %s does not go with what had to be moved; a later version may be taken." % (name, pinned[name]))' \
    '        return bool(against)' \
    '' \
    '    def _rename(self, name, meant):' \
    '        names = [re.match(r"[A-Za-z0-9._-]*", line)[0] for line in self.requirements]' \
    '        if name not in map(normal, names):' \
    '            return False' \
    '        self.requirements = [line for line, found in zip(self.requirements, names) if normal(found) != name]' \
    '        if meant not in map(normal, names):' \
    '            self.requirements.append(meant)' \
    '        self.moved.add(name)' \
    '        self.notice("%s is only an old name of %s, which is taken instead." % (name, meant))' \
    '        return True' \
    > /usr/local/lib/slipway/pins.py && chmod 755 /usr/local/lib/slipway/pins.py && \
    printf '%s\n' \
    '"""Reads the pylock.toml that uv writes, which lists only wheels that fit. Standard library of Python 3.9 only."""' \
    '' \
    'import re' \
    '' \
    '' \
    'class Package:' \
    '    """`hashes` of the wheels that fit, else of the sdist; `source` is the URL of what is not from an index."""' \
    '' \
    '    def __init__(self, name, version, wheel, hashes, source, sdist=()):' \
    '        self.name = name' \
    '        self.version = version' \
    '        self.wheel = wheel' \
    '        self.hashes = hashes' \
    '        self.source = source' \
    '        self.sdist = sdist' \
    '' \
    '    def line(self):' \
    '        place = "%s==%s" % (self.name, self.version) if self.source is None else "%s @ %s" % (self.name, self.source)' \
    '        return " ".join([place, *("--hash=" + value for value in self.hashes)])' \
    '' \
    '    def hold(self, allowed):' \
    '        """Leaves out every file whose hash is not allowed; False when none is left."""' \
    '        if self.source is not None:' \
    '            found = re.search(r"sha256=([0-9a-f]{64})", self.source)' \
    '            if found or not re.match("https?:", self.source):' \
    '                return not found or "sha256:" + found[1] in allowed' \
    '            self.hashes = sorted(allowed)' \
    '            return True' \
    '        if not any(value.startswith("sha256:") for value in allowed):' \
    '            # Of a kind that indexes do not list: checked when the file is there.' \
    '            self.hashes = sorted(allowed)' \
    '            return True' \
    '        wheels = [value for value in self.hashes if value in allowed]' \
    '        if not wheels:' \
    '            self.wheel, wheels = False, [value for value in self.sdist if value in allowed]' \
    '        self.hashes = wheels' \
    '        return bool(wheels)' \
    '' \
    '' \
    'def _field(block, key):' \
    '    found = re.search(r'"'"'^%s = "([^"\\]*)"$'"'"' % key, block, re.M)' \
    '    return found[1] if found else None' \
    '' \
    '' \
    'def _hashes(text):' \
    '    return ["sha256:" + value for value in re.findall(r'"'"'sha256 = "([0-9a-f]{64})"'"'"', text)]' \
    '' \
    '' \
    'def _direct(block):' \
    '    """The URL of a `vcs` or `archive` entry, pinned to its commit or hash."""' \
    '    vcs = re.search(r"^vcs = \{(.*)\}$", block, re.M)' \
    '    archive = re.search(r"^archive = \{(.*)\}$", block, re.M)' \
    '    entry = (vcs or archive)[1]' \
    '    url = re.search(r'"'"'\burl = "([^"\\]*)"'"'"', entry)[1]' \
    '    folder = re.search(r'"'"'\bsubdirectory = "([^"\\]*)"'"'"', entry)' \
    '    fragment = ["subdirectory=" + folder[1]] if folder else []' \
    '    if vcs:' \
    '        kind = re.search(r'"'"'\btype = "([a-z]+)"'"'"', entry)[1]' \
    '        url = "%s+%s@%s" % (kind, url, re.search(r'"'"'commit-id = "([0-9a-f]+)"'"'"', entry)[1])' \
    '    else:' \
    '        fragment += [value.replace(":", "=") for value in _hashes(entry)[:1]]' \
    '    return url + ("#" + "&".join(fragment) if fragment else "")' \
    '' \
    '' \
    'def read(path):' \
    '    packages = []' \
    '    with open(path) as file:' \
    '        blocks = file.read().split("[[packages]]\n")[1:]' \
    '    for block in blocks:' \
    '        name, version = _field(block, "name"), _field(block, "version")' \
    '        if re.search(r"^(?:vcs|archive) = ", block, re.M):' \
    '            packages.append(Package(name, version, False, [], _direct(block)))' \
    '            continue' \
    '        wheels = re.search(r"^wheels = \[(.*?)\]$", block, re.M | re.S)' \
    '        sdist = re.search(r"^sdist = \{(.*)\}$", block, re.M)' \
    '        hashes = _hashes(wheels[1] if wheels else sdist[1] if sdist else "")' \
    '        if not hashes:' \
    '            # Some indexes give no hashes: such a file is taken from its URL, and never through the shared cache.' \
    '            file = re.search(r'"'"'\burl = "([^"\\]*)"'"'"', (wheels or sdist)[1])' \
    '            packages.append(Package(name, version, False, [], file[1]))' \
    '            continue' \
    '        source_hashes = _hashes(sdist[1]) if sdist else []' \
    '        packages.append(Package(name, version, wheels is not None, sorted(set(hashes)), None, source_hashes))' \
    '    return packages' \
    > /usr/local/lib/slipway/pylock.py && chmod 755 /usr/local/lib/slipway/pylock.py && \
    printf '%s\n' \
    '"""Lines of a lock, taken as they are, and the hashes that lines declare. Standard library of Python 3.9 only."""' \
    '' \
    'import re' \
    '' \
    'from uv import normal' \
    '' \
    'HASH = re.compile(r"--hash=(sha(?:256|384|512):[0-9a-f]+)")' \
    'IN_URL = re.compile(r"#(?:\S*&)?sha256=([0-9a-f]{64})")' \
    '' \
    '' \
    'def declared(lines):' \
    '    """Name → hashes that its files have to have."""' \
    '    found = {}' \
    '    for line in lines:' \
    '        name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)' \
    '        hashes = HASH.findall(line) + ["sha256:" + value for value in IN_URL.findall(line)]' \
    '        if name and hashes:' \
    '            found.setdefault(normal(name[0]), set()).update(hashes)' \
    '    return found' \
    '' \
    '' \
    'def hold(packages, lines):' \
    '    """Leaves each package the files that the lines allow; gives the names of those that have none left."""' \
    '    allowed = declared(lines)' \
    '    return [' \
    '        package.name for package in packages' \
    '        if normal(package.name) in allowed and not package.hold(allowed[normal(package.name)])' \
    '    ]' \
    '' \
    '' \
    'def resolve(work, lines):' \
    '    """(answer, packages): what is locked, and beside it what a kernel needs, as of the same day."""' \
    '    answer, packages = work.compile(lines, [], "--no-deps")' \
    '    work.warn(answer)' \
    '    if answer.kind != "ok":' \
    '        return answer, []' \
    '    names = {normal(package.name) for package in packages}' \
    '    pins = ["%s==%s" % (package.name, package.version) for package in packages if package.source is None]' \
    '    extras = [extra for extra in work.given.extra if normal(extra) not in names]' \
    '    if not extras:' \
    '        return answer, packages' \
    '    answer, more = _beside(work, extras, pins + work.given.constraint)' \
    '    return answer, packages + [package for package in more if normal(package.name) not in names]' \
    '' \
    '' \
    'def _beside(work, extras, pins):' \
    '    """The extras together, else one after the other as far as they go with what is locked."""' \
    '    answer, found = work.compile(extras, pins)' \
    '    if answer.kind not in ("no-solution", "not-found"):' \
    '        return answer, found' \
    '    kept, first = [], answer' \
    '    for extra in extras:' \
    '        answer, more = work.compile([*kept, extra], pins)' \
    '        if answer.kind == "ok":' \
    '            kept.append(extra)' \
    '            found = more' \
    '        elif answer.kind == "upstream" or extra == "ipykernel":' \
    '            return answer, []' \
    '        else:' \
    '            work.notice("%s does not go with what is locked, and is left out." % extra)' \
    '    first.kind = "ok"' \
    '    return first, found' \
    > /usr/local/lib/slipway/locked.py && chmod 755 /usr/local/lib/slipway/locked.py && \
    printf '%s\n' \
    '# Packages whose own metadata uv refuses; without these entries it would silently take versions years older.' \
    '# pandas asked for pytz>=2011k, spacy lacked a comma. Found with `uv pip compile -v`: "has invalid metadata".' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.17.0"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.17.1"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.18.0"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.18.1"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.19.0"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.19.1"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.19.2"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.20.0"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.20.1"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.20.2"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.20.3"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.7.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.21.0"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.9.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.21.1"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.9.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.22.0"' \
    'requires-dist = ["python-dateutil>=2", "pytz>=2011", "numpy>=1.9.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.23.0"' \
    'requires-dist = ["python-dateutil>=2.5.0", "pytz>=2011", "numpy>=1.9.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.23.1"' \
    'requires-dist = ["python-dateutil>=2.5.0", "pytz>=2011", "numpy>=1.9.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.23.2"' \
    'requires-dist = ["python-dateutil>=2.5.0", "pytz>=2011", "numpy>=1.9.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.23.3"' \
    'requires-dist = ["python-dateutil>=2.5.0", "pytz>=2011", "numpy>=1.9.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.23.4"' \
    'requires-dist = ["python-dateutil>=2.5.0", "pytz>=2011", "numpy>=1.9.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.24.0"' \
    'requires-dist = ["python-dateutil>=2.5.0", "pytz>=2011", "numpy>=1.12.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.24.1"' \
    'requires-dist = ["python-dateutil>=2.5.0", "pytz>=2011", "numpy>=1.12.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "pandas"' \
    'version = "0.24.2"' \
    'requires-dist = ["python-dateutil>=2.5.0", "pytz>=2011", "numpy>=1.12.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "spacy"' \
    'version = "2.0.13"' \
    'requires-dist = ["numpy>=1.15.0", "murmurhash>=0.28,<0.29", "msgpack-numpy<0.4.4", "cymem>=1.30,<1.32", "preshed>=1.0.0,<2.0.0", "thinc>=6.10.3,<6.11.0", "plac>=0.9.6,<1.0.0", "ujson>=1.35", "dill>=0.2,<0.3", "regex==2018.01.10", "requests>=2.13.0,<3.0.0"]' \
    '' \
    '[[dependency-metadata]]' \
    'name = "spacy"' \
    'version = "2.0.15"' \
    'requires-dist = ["numpy>=1.15.0", "murmurhash>=0.28.0,<1.1.0", "msgpack-numpy<0.4.4", "cymem>=2.0.2,<2.1.0", "preshed>=2.0.1,<2.1.0", "thinc>=6.12.0,<6.13.0", "plac>=0.9.6,<1.0.0", "ujson>=1.35", "dill>=0.2,<0.3", "regex==2018.01.10", "requests>=2.13.0,<3.0.0"]' \
    > /usr/local/lib/slipway/dependency-metadata.toml && chmod 755 /usr/local/lib/slipway/dependency-metadata.toml && \
    printf '%s\n' \
    '# Debian'"'"'s /etc/profile resets PATH. A login shell (every terminal of JupyterLab is one) keeps the PATH that it was' \
    '# started with; where that was not the image'"'"'s, as after `su -`, it gets the image'"'"'s.' \
    'PATH=$(tr '"'"'\0'"'"' '"'"'\n'"'"' < "/proc/$$/environ" 2> /dev/null | sed -n '"'"'s/^PATH=//p'"'"')' \
    'case ":$PATH:" in' \
    '  *:/srv/jupyter/bin:*) ;;' \
    '  *) PATH=/home/jovyan/.local/bin:/srv/env/bin:/srv/jupyter/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ;;' \
    'esac' \
    'export PATH' \
    > /etc/profile.d/00-slipway.sh && chmod 755 /etc/profile.d/00-slipway.sh
RUN printf '%s\n' \
    '# As in Debian'"'"'s own slim images.' \
    'path-exclude /usr/share/doc/*' \
    'path-include /usr/share/doc/*/copyright' \
    'path-exclude /usr/share/groff/*' \
    'path-exclude /usr/share/info/*' \
    'path-exclude /usr/share/lintian/*' \
    'path-exclude /usr/share/linda/*' \
    'path-exclude /usr/share/locale/*' \
    'path-exclude /usr/share/man/*' \
    '# git as a server, and ways of transport that nobody uses any more.' \
    'path-exclude /usr/bin/git-shell' \
    'path-exclude /usr/bin/scalar' \
    'path-exclude /usr/lib/git-core/git-daemon' \
    'path-exclude /usr/lib/git-core/git-http-backend' \
    'path-exclude /usr/lib/git-core/git-http-fetch' \
    'path-exclude /usr/lib/git-core/git-http-push' \
    'path-exclude /usr/lib/git-core/git-imap-send' \
    'path-exclude /usr/lib/git-core/git-shell' \
    'path-exclude /usr/lib/git-core/scalar' \
    'path-exclude /usr/share/gitweb/*' \
    > /etc/dpkg/dpkg.cfg.d/slipway && chmod 755 /etc/dpkg/dpkg.cfg.d/slipway && \
    printf '%s\n' \
    '{' \
    '  "ServerApp": { "open_browser": false, "quit_button": false }' \
    '}' \
    > /usr/local/etc/jupyter/jupyter_server_config.json && chmod 755 /usr/local/etc/jupyter/jupyter_server_config.json && \
    printf '%s\n' \
    '{' \
    '  "@jupyterlab/apputils-extension:notification": { "fetchNews": "false", "checkForUpdates": false }' \
    '}' \
    > /usr/local/etc/jupyter/labconfig/default_setting_overrides.json && chmod 755 /usr/local/etc/jupyter/labconfig/default_setting_overrides.json
RUN set -eu; \
    export DEBIAN_FRONTEND=noninteractive; \
    apt-get update -q; \
    apt-get upgrade -y -q; \
    apt-get install -y -q --no-install-recommends \
    bzip2 ca-certificates curl gettext-base git less procps python3 python3-venv tini unzip wget xz-utils; \
    mkdir -p /usr/share/man/man1; \
    groupadd --gid 1000 jovyan; \
    useradd --uid 1000 --gid 1000 --no-create-home --home-dir /home/jovyan --shell /bin/bash jovyan; \
    install -d -o 1000 -g 1000 /home/jovyan /srv/jupyter /srv/python /srv/env /srv/env/share /srv/env/share/slipway; \
    rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/debconf/*-old \
    ; rm -rf /var/lib/apt/lists/*

RUN printf '%s\n' \
    'jupyterlab==4.2.0 --hash=sha256:00' \
    'uv==0.5.0 --hash=sha256:11' \
    > /usr/local/share/slipway/server.lock
RUN set -eu; \
    python3 -m venv /tmp/bootstrap; \
    grep '^uv==' /usr/local/share/slipway/server.lock > /tmp/uv.lock; \
    /tmp/bootstrap/bin/python -m pip install -q --disable-pip-version-check --no-cache-dir --no-deps --only-binary :all: \
    --require-hashes --index-url "${UV_DEFAULT_INDEX:-https://pypi.org/simple}" -r /tmp/uv.lock; \
    install -m 755 /tmp/bootstrap/bin/uv /usr/local/bin/uv; \
    rm -rf /tmp/bootstrap /tmp/uv.lock

ENV NB_USER=jovyan NB_UID=1000 USER=jovyan HOME=/home/jovyan REPO_DIR=/home/jovyan SHELL=/bin/bash \
    LANG=C.UTF-8 LC_ALL=C.UTF-8 PYTHONUNBUFFERED=1 \
    NB_PYTHON_PREFIX=/srv/jupyter KERNEL_PYTHON_PREFIX=/srv/jupyter \
    JUPYTER_PATH=/srv/env/share/jupyter JUPYTER_CONFIG_PATH=/srv/env/etc/jupyter \
    PATH=/home/jovyan/.local/bin:/srv/env/bin:/srv/jupyter/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER jovyan
WORKDIR /home/jovyan
RUN set -eu; \
    [ -n "${UV_CACHE_DIR:-}" ] || export UV_NO_CACHE=1; \
    uv venv -q --no-config --no-managed-python --no-python-downloads --python /usr/bin/python3 --allow-existing /srv/jupyter; \
    grep -v -e '^uv==' -e '^#' /usr/local/share/slipway/server.lock \
    | uv pip install -q --no-config --python /srv/jupyter/bin/python --link-mode copy --no-deps --no-build --require-hashes -r -; \
    echo 'jupyterlab-widgets==1.1.11 --hash=sha256:840e538021d87e020a8e7b786597f088431f4ebd8308655555e126c3950a1b27' \
    | uv pip install -q --no-config --python /srv/jupyter/bin/python --link-mode copy --no-deps --no-build --require-hashes \
    --target /tmp/widgets -r -; \
    mkdir -p /srv/jupyter/share/slipway; \
    mv /tmp/widgets/share/jupyter/labextensions/@jupyter-widgets /srv/jupyter/share/slipway/widgets7; \
    rm -rf /tmp/widgets; \
    slipway-prune /srv/jupyter

RUN set -eu; \
    cd /tmp; /srv/jupyter/bin/python /usr/local/lib/slipway/server_imports.py 2> /dev/null; \
    rm -rf /tmp/* /home/jovyan/.[a-z]*; \
    printf '%s\n' \
    '{"argv":["/srv/jupyter/bin/python","-m","ipykernel_launcher","-f","{connection_file}"],"display_name":"Python 3 (ipykernel)","language":"python","metadata":{"debugger":true}}' \
    > /srv/jupyter/share/jupyter/kernels/python3/kernel.json

RUN set -eu; \
    case debian in managed) slipway-python 3.11 ;; esac

EXPOSE 8888
ENTRYPOINT ["/usr/local/bin/slipway-entrypoint"]
CMD ["slipway-server"]
