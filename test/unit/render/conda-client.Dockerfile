USER root
RUN install -d -o 1000 -g 1000 /srv/conda /srv/conda/bin /srv/conda/lib /srv/conda/etc /srv/conda/etc/profile.d /srv/conda/envs && \
    ln -s /srv/env /srv/conda/envs/notebook && \
    ln -s /srv/conda/etc/profile.d/conda.sh /etc/profile.d/10-slipway-conda.sh && \
    echo '. /srv/conda/etc/profile.d/conda.sh' >> /etc/bash.bashrc
RUN printf '%s\n' \
    '#!/bin/bash' \
    '# slipway-activated COMMAND…: runs it with conda'"'"'s environment activated.' \
    '. /srv/conda/etc/profile.d/conda.sh' \
    'exec "$@"' \
    > /usr/local/bin/slipway-activated && chmod 755 /usr/local/bin/slipway-activated && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# slipway-conda solve|link|pip_section|dated_index …: one of the scripts beside the client, with the client'"'"'s Python.' \
    'script=$1' \
    'shift' \
    'exec /srv/conda/client/bin/python -E -s -B "/srv/conda/lib/$script.py" "$@"' \
    > /usr/local/bin/slipway-conda && chmod 755 /usr/local/bin/slipway-conda && \
    printf '%s\n' \
    '#!/bin/bash' \
    '# slipway-conda-finish isolated|environment: what runs the packages'"'"' own code: their post-link scripts, the pip section, byte' \
    '# code. No cache is mounted. `isolated`: the Jupyter server is not in the environment.' \
    'set -eu' \
    'slipway-activated slipway-post-link /srv/env' \
    'slipway-activated slipway-conda pip_section' \
    '# Nobody may be asked for Python: there is none in an environment of R, or of tools.' \
    'if [ -x /srv/env/bin/python ]; then' \
    '  exec slipway-finish "$1" slipway-activated' \
    'fi' \
    > /usr/local/bin/slipway-conda-finish && chmod 755 /usr/local/bin/slipway-conda-finish && \
    printf '%s\n' \
    '#!/bin/bash' \
    '# slipway-post-link PREFIX [NAME…]: the post-link scripts of these packages (of all of them), which is their own code. One' \
    '# that fails is told and no more: most only write caches or register an extension.' \
    'prefix=$1' \
    'shift' \
    '[ $# -gt 0 ] || mapfile -t packages < <(find "$prefix/bin" -name '"'"'.*-post-link.sh'"'"' -printf '"'"'%f\n'"'"' 2> /dev/null | sed '"'"'s/^\.//; s/-post-link\.sh$//'"'"' | sort)' \
    'for name in "$@" "${packages[@]}"; do' \
    '  script=$prefix/bin/.$name-post-link.sh' \
    '  [ -f "$script" ] || continue' \
    '  record=$(grep -l "^  \"name\": \"$name\",\{0,1\}$" "$prefix"/conda-meta/*.json | head -n 1)' \
    '  field() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" "$record" | head -n 1; }' \
    '  if ! (cd "$prefix" && PREFIX=$prefix ROOT_PREFIX=/srv/conda PKG_NAME=$name PKG_VERSION=$(field version) PKG_BUILDNUM=$(field build_number) \' \
    '    bash "$script"); then' \
    '    echo "slipway: the set-up of $name (post-link) failed" >&2' \
    '    echo "the set-up of $name (its post-link script) failed" >> /srv/env/share/slipway/notices' \
    '  fi' \
    'done' \
    > /usr/local/bin/slipway-post-link && chmod 755 /usr/local/bin/slipway-post-link
USER jovyan
RUN printf '%s\n' \
    'py-rattler==0.28.0 --hash=sha256:4f4ab1d34d5394e7ce130a86e59009c95ace4f5757d9c3af04de1351bcea47eb --hash=sha256:61b24202374188e72130f1b3dc63b455befaafc3e49e5481a38b6a6c8828c1e0' \
    > /srv/conda/client.lock
RUN set -eu; \
    [ -n "${UV_CACHE_DIR:-}" ] || export UV_NO_CACHE=1; \
    uv venv -q --no-config --no-managed-python --no-python-downloads --python /usr/bin/python3 /srv/conda/client; \
    uv pip install -q --no-config --python /srv/conda/client/bin/python --link-mode copy --no-deps --no-build --require-hashes -r /srv/conda/client.lock
RUN printf '%s\n' \
    '# /srv/conda/etc/profile.d/conda.sh: activates the environment (`notebook`) where nothing is active yet, and gives shells' \
    '# `conda activate` and `conda deactivate`. Sourced once on the way to everything that a session or postBuild runs.' \
    '_slipway_activate() {' \
    '  export CONDA_PREFIX="$1" CONDA_SHLVL=1 CONDA_EXE=/srv/conda/bin/conda' \
    '  CONDA_DEFAULT_ENV=$([ "$1" = /srv/env ] && echo notebook || basename "$1")' \
    '  export CONDA_DEFAULT_ENV' \
    '  case ":$PATH:" in *":$1/bin:"*) ;; *) export PATH="$1/bin:$PATH" ;; esac' \
    '  if [ -r "$1/share/slipway/variables.sh" ]; then . "$1/share/slipway/variables.sh"; fi' \
    '  for _slipway_script in "$1"/etc/conda/activate.d/*.sh; do' \
    '    if [ -r "$_slipway_script" ]; then . "$_slipway_script"; fi' \
    '  done' \
    '  unset _slipway_script' \
    '}' \
    '' \
    '_slipway_deactivate() {' \
    '  [ -n "${CONDA_PREFIX:-}" ] || return 0' \
    '  for _slipway_script in "$CONDA_PREFIX"/etc/conda/deactivate.d/*.sh; do' \
    '    if [ -r "$_slipway_script" ]; then . "$_slipway_script"; fi' \
    '  done' \
    '  unset _slipway_script' \
    '  PATH=$(echo ":$PATH:" | sed "s|:$CONDA_PREFIX/bin:|:|; s|^:||; s|:\$||")' \
    '  unset CONDA_PREFIX CONDA_DEFAULT_ENV' \
    '  export PATH CONDA_SHLVL=0' \
    '}' \
    '' \
    'conda() {' \
    '  case "${1:-}" in' \
    '    activate)' \
    '      case "${2:-notebook}" in' \
    '        notebook | base | root) set -- activate /srv/env ;;' \
    '        /*) ;;' \
    '        *) set -- activate "/srv/conda/envs/$2" ;;' \
    '      esac' \
    '      if [ ! -d "$2/conda-meta" ]; then' \
    '        echo "conda: there is no environment $2" >&2' \
    '        return 1' \
    '      fi' \
    '      _slipway_deactivate' \
    '      _slipway_activate "$2"' \
    '      ;;' \
    '    deactivate) _slipway_deactivate ;;' \
    '    *) command conda "$@" ;;' \
    '  esac' \
    '}' \
    'mamba() { conda "$@"; }' \
    '' \
    'case ":$PATH:" in' \
    '  *:/srv/conda/bin:*) ;;' \
    '  *) PATH=$(echo "$PATH" | sed '"'"'s|/srv/env/bin|/srv/env/bin:/srv/conda/bin|'"'"') ;;' \
    'esac' \
    '# A shell that came after `conda deactivate` stays without.' \
    'if [ -z "${CONDA_SHLVL:-}" ]; then' \
    '  _slipway_activate /srv/env' \
    '  if [ ! -x /srv/env/bin/python ]; then export KERNEL_PYTHON_PREFIX=/srv/jupyter; fi' \
    'fi' \
    > /srv/conda/etc/profile.d/conda.sh && chmod 755 /srv/conda/etc/profile.d/conda.sh && \
    printf '%s\n' \
    '# `source activate [NAME]`, as conda of old had it.' \
    '. /srv/conda/etc/profile.d/conda.sh' \
    'conda activate "$@"' \
    > /srv/conda/bin/activate && chmod 755 /srv/conda/bin/activate && \
    printf '%s\n' \
    '"""What solving, installing and the command `conda` have in common: rattler, with our channels and our day."""' \
    '' \
    'import datetime' \
    'import json' \
    'import os' \
    'import re' \
    'import shutil' \
    'import sys' \
    'import tempfile' \
    'import traceback' \
    '' \
    'import rattler' \
    'from rattler.config import Config' \
    '' \
    'PREFIX = "/srv/env"' \
    'SHARE = PREFIX + "/share/slipway"' \
    'PUBLIC = "https://conda.anaconda.org"' \
    '# Folders that go with this process.' \
    'SCRATCH = []' \
    '# What rattler says when a server did not answer, or not as it should; a 404 is an answer.' \
    'UPSTREAM = re.compile(' \
    '    r"error sending request|timed out|timeout|connection (?:refused|reset|closed)|dns error|5\d\d (?:Internal|Bad|Service|Gateway)"' \
    '    r"|status server error|429 Too Many|tls|certificate|unexpected EOF|error decoding response|incomplete|hash mismatch|retries",' \
    '    re.I,' \
    ')' \
    '' \
    '' \
    'def say(message):' \
    '    """One line for people, which the build'"'"'s log marks as ours."""' \
    '    print("slipway: " + message, flush=True)' \
    '' \
    '' \
    'def stop(code, message, text=""):' \
    '    """Ends with what rattler said and one line of ours. 75 upstream, 65 no solution, 66 no such package, 64 bad lock."""' \
    '    if text:' \
    '        print(text, file=sys.stderr, flush=True)' \
    '    print("slipway: " + message, file=sys.stderr, flush=True)' \
    '    sys.exit(code)' \
    '' \
    '' \
    'def read(name):' \
    '    path = os.path.join(SHARE, name)' \
    '    with open(path) as file:' \
    '        return file.read()' \
    '' \
    '' \
    'def write(name, lines):' \
    '    with open(os.path.join(SHARE, name), "w") as file:' \
    '        file.write("".join(line + "\n" for line in lines))' \
    '' \
    '' \
    'class Dated:' \
    '    """A channel whose packages are as old as their builds. rattler prefers the day on which an index first had them, and' \
    '    that of a mirror, or of a channel indexed anew, says nothing about a package."""' \
    '' \
    '    def __init__(self, gateway, channel):' \
    '        self.gateway = gateway' \
    '        self.channel = channel' \
    '        self.kept = {}' \
    '' \
    '    async def fetch_package_records(self, platform, name):' \
    '        key = (str(platform), name.normalized)' \
    '        if key not in self.kept:' \
    '            found = await self.gateway.query([self.channel], [platform], [name.normalized], recursive=False, channel_relations="disabled")' \
    '            self.kept[key] = [record for records in found for record in records]' \
    '            for record in self.kept[key]:' \
    '                if record.timestamp is not None:' \
    '                    record.indexed_timestamp = None' \
    '        return self.kept[key]' \
    '' \
    '    def package_names(self, platform):' \
    '        return []' \
    '' \
    '' \
    'class Solver:' \
    '    """One environment'"'"'s channels and machine, as its plan says. `environment`: what resolve.hbs and install.hbs write."""' \
    '' \
    '    def __init__(self, environment):' \
    '        self.platform = environment["platform"]' \
    '        channels = rattler.channel.ChannelConfig(PUBLIC + "/")' \
    '        self.channels = [rattler.Channel(name, channels) for name in environment["channels"]]' \
    '        self.virtual = [virtual(name, said) for name, said in sorted(environment["virtual"].items())]' \
    '        self.config = Config.from_toml(settings())' \
    '        self.cache = os.environ.get("RATTLER_CACHE_DIR") or scratch()' \
    '        # The index is never kept: rattler takes a 304 for an error (with shards), and packages are what weighs.' \
    '        self.gateway = rattler.Gateway.from_config(self.config, cache_dir=os.path.join(scratch(), "repodata"))' \
    '        self.sources = [Dated(self.gateway, channel) for channel in self.channels]' \
    '' \
    '    async def solve(self, specs, cutoff, **more):' \
    '        """Records that fit; raises rattler'"'"'s SolverError when none do. `cutoff`: RFC 3339 in Z, or `none`."""' \
    '        return await rattler.solve(' \
    '            sources=self.sources, specs=specs, gateway=self.gateway, platforms=[self.platform, "noarch"],' \
    '            virtual_packages=self.virtual, exclude_newer=moment(cutoff),' \
    '            # Packages from before 2017 say no time.' \
    '            timestamp_policy="allow-missing", channel_priority=rattler.ChannelPriority.Strict,' \
    '            channel_relations="disabled", **more,' \
    '        )' \
    '' \
    '    async def known(self, names, platforms):' \
    '        """Those of the names that the channels have on one of the platforms, whatever the day."""' \
    '        if not names:' \
    '            return set()' \
    '        found = await self.gateway.query(self.channels, platforms, names, recursive=False, channel_relations="disabled")' \
    '        return {record.name.normalized for records in found for record in records}' \
    '' \
    '    async def install(self, records, specs, prefix=PREFIX):' \
    '        """Makes the environment what the records say; runs none of its packages'"'"' scripts."""' \
    '        await rattler.install(' \
    '            records, prefix, cache_dir=os.path.join(self.cache, "pkgs"), platform=rattler.Subdir(self.platform),' \
    '            show_progress=False, config=self.config, execute_link_scripts=False,' \
    '            requested_specs=[rattler.MatchSpec(spec)._match_spec for spec in specs],' \
    '        )' \
    '' \
    '' \
    'def scratch():' \
    '    """A folder that goes with this process: nothing of it may stay in a layer."""' \
    '    SCRATCH.append(tempfile.mkdtemp(prefix="slipway-conda-"))' \
    '    return SCRATCH[-1]' \
    '' \
    '' \
    'def ending(work):' \
    '    """Ends the process with `work`. rattler'"'"'s threads may still want the interpreter while it is taken down, which crashes' \
    '    one process in ten: so it never is."""' \
    '    code = 0' \
    '    try:' \
    '        work()' \
    '    except SystemExit as end:' \
    '        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1' \
    '        if isinstance(end.code, str):' \
    '            print(end.code, file=sys.stderr)' \
    '    except BaseException:' \
    '        traceback.print_exc()' \
    '        code = 1' \
    '    for folder in SCRATCH:' \
    '        shutil.rmtree(folder, ignore_errors=True)' \
    '    sys.stdout.flush()' \
    '    sys.stderr.flush()' \
    '    os._exit(code)' \
    '' \
    '' \
    'def settings():' \
    '    """rattler'"'"'s own settings: the host'"'"'s certificates, and the operator'"'"'s mirror in the public channels'"'"' place."""' \
    '    mirror = os.environ.get("CONDA_CHANNEL_ALIAS", "").rstrip("/")' \
    '    lines = ['"'"'tls-root-certs = "native"'"'"']' \
    '    if mirror and mirror != PUBLIC:' \
    '        lines += ["[mirrors]", "%s = [%s]" % (json.dumps(PUBLIC), json.dumps(mirror))]' \
    '    return "\n".join(lines)' \
    '' \
    '' \
    'def virtual(name, said):' \
    '    version, _, build = said.partition("=")' \
    '    return rattler.GenericVirtualPackage(rattler.PackageName(name), rattler.Version(version), rattler.BuildString(build or "0"))' \
    '' \
    '' \
    'def moment(cutoff):' \
    '    return None if cutoff == "none" else datetime.datetime.fromisoformat(cutoff.replace("Z", "+00:00"))' \
    '' \
    '' \
    'def line(record):' \
    '    """A record as one line of the lock."""' \
    '    return json.dumps(dict(json.loads(record.to_json()), fn=record.file_name, url=record.url, channel=record.channel), sort_keys=True)' \
    '' \
    '' \
    'def record(text):' \
    '    """A line of the lock as a record; raises ValueError for what is none."""' \
    '    said = json.loads(text)' \
    '    digests = [said.get(name) for name in ("sha256", "md5")]' \
    '    if not any(digests) or not re.fullmatch(r"https?://[\x21-\x7e]+", said["url"]) or "/" in said["fn"]:' \
    '        raise ValueError("neither hash nor URL")' \
    '    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:' \
    '        json.dump(said, file)' \
    '        file.flush()' \
    '        found = rattler.PackageRecord.from_index_json(file.name, said.get("size"), *digests)' \
    '    return rattler.RepoDataRecord(found, said["fn"], said["url"], said["channel"])' \
    > /srv/conda/lib/solver.py && chmod 755 /srv/conda/lib/solver.py && \
    printf '%s\n' \
    '"""From an environment'"'"'s specs to its lock, as of a day, in a stage that is thrown away. Nobody'"'"'s code runs here.' \
    '' \
    'Reads /srv/env/share/slipway/conda.json, which comes from the plan; writes conda.lock (a record a line), resolved-as-of,' \
    'notices and extras (what a kernel needs that no channel gives, left to PyPI) beside it.' \
    '"""' \
    '' \
    'import asyncio' \
    'import json' \
    'import re' \
    '' \
    'from rattler import MatchSpec' \
    'from rattler.exceptions import SolverError' \
    '' \
    'from locked import records' \
    'from solver import UPSTREAM, Solver, ending, line, moment, read, say, stop, write' \
    '' \
    'OTHERS = ["osx-64", "osx-arm64", "win-64"]' \
    '' \
    '' \
    'class Resolution:' \
    '    def __init__(self, environment):' \
    '        self.solver = Solver(environment)' \
    '        self.environment = environment' \
    '        self.specs = environment["specs"]' \
    '        self.notices = []' \
    '        self.left = []' \
    '' \
    '    def notice(self, message):' \
    '        self.notices.append(message)' \
    '        say(message)' \
    '' \
    '    async def drop_foreign(self):' \
    '        """A name that only other platforms have is one that an export brought along; one that nobody has is a mistake."""' \
    '        names = {spec["name"] for spec in self.specs}' \
    '        missing = names - await self.solver.known(sorted(names), [self.solver.platform, "noarch"])' \
    '        foreign = missing and await self.solver.known(sorted(missing), OTHERS)' \
    '        channels = ", ".join(self.environment["channels"])' \
    '        unknown = sorted(missing - set(foreign or ()))' \
    '        if unknown:' \
    '            stop(66, "there is no conda package %s in %s" % (", ".join(unknown), channels))' \
    '        for name in sorted(missing):' \
    '            self.notice("%s is left out: %s has no package of it for %s" % (name, channels, self.solver.platform))' \
    '        self.specs = [spec for spec in self.specs if spec["name"] not in missing]' \
    '' \
    '    async def candidates(self, cutoff="none"):' \
    '        """Name → the records that its spec allows, as of a day; and all records of these names."""' \
    '        work = self.solver' \
    '        names = [spec["name"] for spec in self.specs]' \
    '        found = await work.gateway.query(work.channels, [work.platform, "noarch"], names, recursive=False, channel_relations="disabled")' \
    '        day = moment(cutoff)' \
    '        records = [record for some in found for record in some if day is None or record.timestamp is None or record.timestamp <= day]' \
    '        matches = lambda text, record: MatchSpec(text).matches(record)' \
    '        return {spec["name"]: [one for one in records if matches(spec["spec"], one)] for spec in self.specs}, records' \
    '' \
    '    async def at(self, cutoff, loose):' \
    '        """Records as of a day, with what a kernel needs; raises SolverError when the specs have no solution."""' \
    '        specs = [spec["loosened" if spec["name"] in loose else "spec"] for spec in self.specs]' \
    '        declared = await self.solver.solve(specs, cutoff)' \
    '        return await self.with_extras(specs, declared, cutoff)' \
    '' \
    '    async def of_lock(self):' \
    '        """What the repository'"'"'s own lock names; what a kernel needs is added beside it, or left to PyPI."""' \
    '        declared = await records(self.solver, self.environment["locked"])' \
    '        extras = self.missing(declared)' \
    '        if not extras:' \
    '            return declared' \
    '        specs = ["%s ==%s" % (record.name.normalized, record.version) for record in declared]' \
    '        try:' \
    '            return await self.solver.solve(specs + extras, self.environment["cutoffs"][0], pinned_packages=declared)' \
    '        except SolverError:' \
    '            self.left = extras' \
    '            return declared' \
    '' \
    '    def missing(self, declared):' \
    '        present = {record.name.normalized for record in declared}' \
    '        return [name for name in self.environment["extras"] if name not in present] if "python" in present else []' \
    '' \
    '    async def with_extras(self, specs, declared, cutoff):' \
    '        """Adds what a kernel needs; it never moves a version that the specs led to, and at worst what they name."""' \
    '        extras = self.missing(declared)' \
    '        if not extras:' \
    '            return declared' \
    '        asked = {spec["name"] for spec in self.specs} | {"python"}' \
    '        loose = ["%s ==%s" % (record.name.normalized, record.version) for record in declared if record.name.normalized in asked]' \
    '        for more in ({"pinned_packages": declared}, {"locked_packages": declared, "constraints": loose}):' \
    '            try:' \
    '                return await self.solver.solve(specs + extras, cutoff, **more)' \
    '            except SolverError:' \
    '                pass' \
    '        kept = []' \
    '        for extra in extras:' \
    '            try:' \
    '                declared = await self.solver.solve(specs + kept + [extra], cutoff, locked_packages=declared, constraints=loose)' \
    '                kept.append(extra)' \
    '            except SolverError:' \
    '                self.left.append(extra)' \
    '        return declared' \
    '' \
    '    def finish(self, records, cutoff, loose):' \
    '        day = "latest" if cutoff == "none" else cutoff[:10]' \
    '        for spec in self.specs:' \
    '            if spec["name"] in loose and not any(MatchSpec(spec["spec"]).matches(record) for record in records):' \
    '                self.notice(spec["notice"])' \
    '        write("conda.lock", sorted(line(record) for record in records))' \
    '        write("resolved-as-of", [day])' \
    '        write("notices", self.notices)' \
    '        write("extras", self.left)' \
    '        say("%d conda packages as of %s" % (len(records), day))' \
    '' \
    '' \
    'async def solve(work):' \
    '    """Exact versions first, later days next; only what is proven to have no solution moves either. Versions that do not exist' \
    '    are loosened before those that do."""' \
    '    cutoffs = work.environment["cutoffs"]' \
    '    exact = {spec["name"] for spec in work.specs if spec["loosened"] != spec["spec"]}' \
    '    found, _ = await work.candidates(cutoffs[0])' \
    '    missing = {name for name in exact if not found[name]}' \
    '    levels = [set()]' \
    '    for loose in (missing, exact):' \
    '        if loose not in levels:' \
    '            levels.append(loose)' \
    '    first = None' \
    '    for loose in levels:' \
    '        for cutoff in cutoffs:' \
    '            try:' \
    '                records = await work.at(cutoff, loose)' \
    '            except SolverError as error:' \
    '                first = first or str(error)' \
    '                say("no environment as of %s%s: %s" % ("today" if cutoff == "none" else cutoff[:10], " with other versions" if loose else "", reason(error)))' \
    '                continue' \
    '            if cutoff != cutoffs[0]:' \
    '                work.notice("as of %s there is no solution (%s)" % (cutoffs[0][:10], reason(first)))' \
    '            return work.finish(records, cutoff, loose)' \
    '    await explain(work, first)' \
    '' \
    '' \
    'def reason(error):' \
    '    """What rattler says, as one line."""' \
    '    text = re.sub("Cannot solve the request because of:|The following packages are incompatible|[└├│─]", " ", str(error))' \
    '    return " ".join(text.split())[:300].rstrip(".")' \
    '' \
    '' \
    'async def explain(work, first):' \
    '    found, records = await work.candidates()' \
    '    never = [spec for spec in work.specs if not found[spec["name"]]]' \
    '    for spec in never:' \
    '        known = sorted({record.version for record in records if record.name.normalized == spec["name"]})' \
    '        say("of %s there is %s" % (spec["name"], ", ".join(map(str, known[-12:]))))' \
    '    if never:' \
    '        names = ", ".join(spec["spec"] for spec in never)' \
    '        stop(66, "there is no conda package %s in %s" % (names, ", ".join(work.environment["channels"])))' \
    '    stop(65, "these packages have no solution", "No solution found when resolving the conda environment:\n%s" % first)' \
    '' \
    '' \
    'async def main():' \
    '    work = Resolution(json.loads(read("conda.json")))' \
    '    try:' \
    '        if "locked" in work.environment:' \
    '            work.finish(await work.of_lock(), work.environment["cutoffs"][0], set())' \
    '        else:' \
    '            await work.drop_foreign()' \
    '            await solve(work)' \
    '    except Exception as error:' \
    '        text = str(error)' \
    '        if UPSTREAM.search(text):' \
    '            stop(75, "a channel did not answer; this is tried again as it is", text)' \
    '        stop(66, "a channel could not be read", text)' \
    '' \
    '' \
    'ending(lambda: asyncio.run(main()))' \
    > /srv/conda/lib/solve.py && chmod 755 /srv/conda/lib/solve.py && \
    printf '%s\n' \
    '"""Records of the packages that a lock names by their URLs. The lock'"'"'s own hashes hold, whatever a channel says today."""' \
    '' \
    'import json' \
    '' \
    'import rattler' \
    'from rattler.package_streaming import fetch_raw_package_file_from_url' \
    '' \
    'from solver import record' \
    '' \
    '' \
    'def place(url):' \
    '    """`https://host/channel/linux-64/name.conda` → channel, subdir, file name."""' \
    '    return url.rsplit("/", 2)' \
    '' \
    '' \
    'async def records(solver, locked):' \
    '    known = {}' \
    '    for channel, subdir in sorted({tuple(place(one["url"])[:2]) for one in locked}):' \
    '        names = [one["name"] for one in locked if place(one["url"])[:2] == [channel, subdir]]' \
    '        try:' \
    '            found = await solver.gateway.query([rattler.Channel(channel)], [subdir], names, recursive=False, channel_relations="disabled")' \
    '        except rattler.exceptions.GatewayError:' \
    '            # A channel may be gone while its packages can still be had; the index is only the short way.' \
    '            continue' \
    '        known.update({one.url: one for some in found for one in some})' \
    '    return [await of_one(solver, one, known.get(one["url"])) for one in locked]' \
    '' \
    '' \
    'async def of_one(solver, one, known):' \
    '    channel, subdir, file = place(one["url"])' \
    '    if known is not None:' \
    '        said = json.loads(known.to_json())' \
    '    else:' \
    '        client = rattler.Client.from_config(solver.config)' \
    '        said = dict(json.loads(await fetch_raw_package_file_from_url(client, one["url"], "info/index.json")), subdir=subdir)' \
    '    hashes = {name: one[name] for name in ("sha256", "md5") if one.get(name)}' \
    '    for name in ("sha256", "md5"):' \
    '        said.pop(name, None)' \
    '    return record(json.dumps(dict(said, **hashes, fn=file, url=one["url"], channel=channel)))' \
    > /srv/conda/lib/locked.py && chmod 755 /srv/conda/lib/locked.py && \
    printf '%s\n' \
    '"""Installs exactly the lock'"'"'s packages into /srv/env. The shared cache may be mounted, so none of their code runs here."""' \
    '' \
    'import asyncio' \
    'import json' \
    'import os' \
    '' \
    'from solver import UPSTREAM, Solver, ending, read, record, stop' \
    '' \
    '' \
    'def locked():' \
    '    path = "/srv/env/share/slipway/conda.lock"' \
    '    if os.path.islink(path) or not os.path.isfile(path):' \
    '        stop(64, "the lock is no file")' \
    '    try:' \
    '        return [record(text) for text in read("conda.lock").splitlines()]' \
    '    except (ValueError, KeyError, TypeError) as error:' \
    '        stop(64, "the lock has lines that are no lock'"'"'s: %s" % error)' \
    '' \
    '' \
    'async def main():' \
    '    environment = json.loads(read("conda.json"))' \
    '    try:' \
    '        await Solver(environment).install(locked(), [spec["spec"] for spec in environment["specs"]])' \
    '    except Exception as error:' \
    '        text = str(error)' \
    '        if UPSTREAM.search(text):' \
    '            stop(75, "a channel did not answer; this is tried again as it is", text)' \
    '        stop(64, "a package could not be installed", text)' \
    '' \
    '' \
    'ending(lambda: asyncio.run(main()))' \
    > /srv/conda/lib/link.py && chmod 755 /srv/conda/lib/link.py && \
    printf '%s\n' \
    '"""The `pip:` section, and what a kernel needs that no channel has, by uv (by the environment'"'"'s own pip where that is older than uv' \
    'knows) into /srv/env as of the same day. What conda brought stays as it is, unless the section names it. Writes python.lock' \
    '(empty) and build.lock: what came from the index. An environment without Python has none of these, and fails when its section is not empty.' \
    '' \
    'No cache is mounted, as a setup.py may run here.' \
    '"""' \
    '' \
    'import importlib.metadata' \
    'import glob' \
    'import json' \
    'import os' \
    'import re' \
    'import shutil' \
    'import subprocess' \
    'import sys' \
    '' \
    'sys.path.append("/usr/local/lib/slipway")' \
    '' \
    'from old_pip import OldPip, old_line' \
    'from uv import Uv, normal, say, stop' \
    '' \
    'SHARE = "/srv/env/share/slipway"' \
    'PYTHON = "/srv/env/bin/python"' \
    '' \
    '' \
    'def read(name):' \
    '    with open(os.path.join(SHARE, name)) as file:' \
    '        return file.read()' \
    '' \
    '' \
    'def write(name, lines):' \
    '    path = os.path.join(SHARE, name)' \
    '    with open(path, "w") as file:' \
    '        file.write("".join(line + "\n" for line in lines))' \
    '    return path' \
    '' \
    '' \
    'def installed():' \
    '    """Name → version of the Python packages that are there."""' \
    '    found = importlib.metadata.distributions(path=glob.glob("/srv/env/lib/python*/site-packages"))' \
    '    return {normal(one.metadata["Name"]): one.version for one in found if one.metadata["Name"]}' \
    '' \
    '' \
    'def notice(message):' \
    '    with open(os.path.join(SHARE, "notices"), "a") as file:' \
    '        file.write(message + "\n")' \
    '    say(message)' \
    '' \
    '' \
    'def runs_of(section, extras, apart=lambda line: False):' \
    '    """(words, lines) of each install there is. What a lock needs is in it; `apart`: of lines that go with no others."""' \
    '    words, asked = ["--no-deps"] if section.get("locked") else [], section["requirements"]' \
    '    first = [line for line in asked if apart(line)]' \
    '    others = [line for line in asked if not apart(line)]' \
    '    runs = [(words, first), (words, others), ([], extras)] if words else [([], first), ([], others + extras)]' \
    '    return [run for run in runs if run[1]]' \
    '' \
    '' \
    'def by_uv(section, extras):' \
    '    """(cut-off, file of constraints) → what uv'"'"'s installing came to."""' \
    '    with open("/usr/local/lib/slipway/dependency-metadata.toml") as file:' \
    '        uv = Uv(PYTHON, "/tmp", file.read(), section["indexOptions"])' \
    '    always = ["pip", "install", "--break-system-packages"]' \
    '    always += ["--prerelease", "allow"] if section.get("prereleases") else []' \
    '' \
    '    def ask(cutoff, constraints):' \
    '        uv.cutoff = cutoff' \
    '        for words, lines in runs_of(section, extras):' \
    '            answer = uv.ask(installed(), *always, *words, "-r", write("requirements.in", lines), "-c", constraints)' \
    '            if answer.kind != "ok":' \
    '                break' \
    '        return answer' \
    '' \
    '    return ask' \
    '' \
    '' \
    'def by_old_pip(section, extras):' \
    '    """The same where uv does not know the Python."""' \
    '    pip = OldPip(PYTHON, section)' \
    '' \
    '    def ask(cutoff, constraints):' \
    '        # It wants a hash for each line or for none.' \
    '        for words, lines in runs_of(section, extras, lambda line: "--hash" in line):' \
    '            answer = pip.install(cutoff, [*words, "-r", write("requirements.in", map(old_line, lines)), "-c", constraints])' \
    '            if answer.kind != "ok":' \
    '                return answer' \
    '        if pip.undated and cutoff != "none":' \
    '            notice("the package index has no days of uploads: what pip installs is as of today")' \
    '        return answer' \
    '' \
    '    return ask' \
    '' \
    '' \
    'def settle(ask, section, kept, cutoffs):' \
    '    """Beside what conda brought, on the first day that has a solution; else with other versions of it."""' \
    '    held = write("held.in", section["constraints"] + kept)' \
    '    free = write("free.in", section["constraints"])' \
    '    first = None' \
    '    for constraints, days in ((held, cutoffs), (free, cutoffs[:1])):' \
    '        for day in days:' \
    '            answer = ask(day, constraints)' \
    '            if answer.kind == "ok":' \
    '                if day != cutoffs[0]:' \
    '                    notice("what pip installs has no solution as of %s; it is as of %s" % (cutoffs[0][:10], "today" if day == "none" else day[:10]))' \
    '                if constraints == free:' \
    '                    notice("what pip installs asks for other versions than conda brought; they are moved for it")' \
    '                return' \
    '            if answer.kind not in ("no-solution", "not-found"):' \
    '                fail(answer)' \
    '            first = first or answer' \
    '    fail(first)' \
    '' \
    '' \
    'def fail(answer):' \
    '    if answer.kind == "upstream":' \
    '        stop(75, "the package index or a package'"'"'s source did not answer; this is tried again as it is", answer)' \
    '    if answer.kind == "hash-mismatch":' \
    '        stop(67, "no file of %s in the index has a hash that is declared for it" % answer.package, answer)' \
    '    if answer.kind == "build-failed":' \
    '        stop(70, "%s could not be built" % (answer.package or "a package"), answer)' \
    '    stop(65, "what pip installs has no solution beside what conda brought", answer)' \
    '' \
    '' \
    'def main():' \
    '    environment = json.loads(read("conda.json"))' \
    '    section, before = environment["pip"], installed()' \
    '    if not os.path.exists(PYTHON):' \
    '        if section["requirements"]:' \
    '            stop(65, "the pip section needs Python, and nothing in the environment brings it")' \
    '        return' \
    '    named = {normal(re.match(r"[A-Za-z0-9._-]*", line)[0]) for line in section["requirements"]}' \
    '    extras = [name for name in read("extras").split() if normal(name) not in named]' \
    '    kept = ["%s==%s" % found for found in sorted(before.items()) if found[0] not in named]' \
    '    if section["requirements"] or extras:' \
    '        day = read("resolved-as-of").strip()' \
    '        later = [cutoff for cutoff in environment["cutoffs"] if cutoff == "none" or cutoff[:10] >= day] if day != "latest" else ["none"]' \
    '        version = subprocess.run([PYTHON, "-c", "import sys; print('"'"'%d %d'"'"' % sys.version_info[:2])"], stdout=subprocess.PIPE, text=True)' \
    '        is_old = tuple(map(int, version.stdout.split())) < (3, 6)' \
    '        settle((by_old_pip if is_old else by_uv)(section, extras), section, kept, later)' \
    '    added = ["%s==%s" % found for found in sorted(installed().items()) if before.get(found[0]) != found[1]]' \
    '    write("python.lock", [])' \
    '    write("build.lock", added)' \
    '    write("constraints", ["%s==%s" % found for found in sorted(installed().items())])' \
    '    for path in glob.glob(SHARE + "/*.in") + glob.glob("/tmp/uv.toml"):' \
    '        os.remove(path)' \
    '    shutil.rmtree("/tmp/slipway-uv", ignore_errors=True)' \
    '' \
    '' \
    'main()' \
    > /srv/conda/lib/pip_section.py && chmod 755 /srv/conda/lib/pip_section.py && \
    printf '%s\n' \
    '"""The package index as of a day, for a pip that knows none: dated_index.py CUT-OFF COMMAND…, with the day as `none` or a time.' \
    '' \
    'Tools that know days run no Python before 3.6. Its own pip is given an index on loopback instead, which asks the real one and' \
    'leaves out what was uploaded later. Files go through it too: neither certificates nor passwords are left to old tools. Ends as the' \
    'command does, with 75 where the index did not answer.' \
    '"""' \
    '' \
    'import base64' \
    'import html' \
    'import http.server' \
    'import json' \
    'import os' \
    'import re' \
    'import shutil' \
    'import subprocess' \
    'import sys' \
    'import tempfile' \
    'import threading' \
    'import time' \
    'import urllib.error' \
    'import urllib.parse' \
    'import urllib.request' \
    '' \
    'ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"' \
    'PUBLIC = "https://pypi.org/simple"' \
    'TIME = 60' \
    '# Seconds before it is tried again.' \
    'PAUSES = (0.5, 1, 2)' \
    '# Statuses of what is not there.' \
    'ABSENT = (403, 404, 410)' \
    '' \
    '' \
    'class Upstream:' \
    '    def __init__(self, address):' \
    '        parts = urllib.parse.urlsplit(address.rstrip("/"))' \
    '        user, _, host = parts.netloc.rpartition("@")' \
    '        self.address = parts._replace(netloc=host).geturl()' \
    '        self.login = user and "Basic " + base64.b64encode(urllib.parse.unquote(user).encode()).decode()' \
    '' \
    '    def get(self, url, use):' \
    '        """What `use` makes of the answer, asked for again after a moment where nobody answers. Raises HTTPError, and what else a' \
    '        network has."""' \
    '        request = urllib.request.Request(url, headers={"Accept": ACCEPT})' \
    '        if self.login and urllib.parse.urlsplit(url)[:2] == urllib.parse.urlsplit(self.address)[:2]:' \
    '            # Whoever it leads on to is told nothing.' \
    '            request.add_unredirected_header("Authorization", self.login)' \
    '        for pause in [*PAUSES, None]:' \
    '            try:' \
    '                with urllib.request.urlopen(request, timeout=TIME) as response:' \
    '                    return use(response)' \
    '            except Exception as error:' \
    '                if pause is None or getattr(error, "code", 500) in ABSENT:' \
    '                    raise' \
    '            time.sleep(pause)' \
    '' \
    '' \
    'def link(file, url):' \
    '    """One file of PEP 691 as PEP 503 has it."""' \
    '    hashes = sorted((file.get("hashes") or {}).items())' \
    '    attributes = {"href": url + "".join("#%s=%s" % one for one in hashes[-1:]), "data-requires-python": file.get("requires-python")}' \
    '    if file.get("yanked"):' \
    '        attributes["data-yanked"] = ""' \
    '    words = ['"'"' %s="%s"'"'"' % (name, html.escape(value)) for name, value in attributes.items() if value is not None]' \
    '    return "<a%s>%s</a><br>\n" % ("".join(words), html.escape(file["filename"]))' \
    '' \
    '' \
    'class DatedIndex:' \
    '    """Serves the index while it is entered."""' \
    '' \
    '    def __init__(self, cutoff, upstream):' \
    '        self.cutoff = cutoff' \
    '        self.upstream = Upstream(upstream)' \
    '        # What became of the real one where it did not answer.' \
    '        self.failed = ""' \
    '        # Whether it has files without days.' \
    '        self.undated = False' \
    '        # Path here → address there.' \
    '        self.files = {}' \
    '' \
    '    def __enter__(self):' \
    '        index = self' \
    '' \
    '        class Handler(http.server.BaseHTTPRequestHandler):' \
    '            def do_GET(self):' \
    '                name = re.fullmatch(r"/([A-Za-z0-9][A-Za-z0-9._-]*)/?", urllib.parse.unquote(self.path))' \
    '                try:' \
    '                    if self.path in index.files:' \
    '                        with index.file(self.path) as file:' \
    '                            self.begin(200, "application/octet-stream", os.fstat(file.fileno()).st_size)' \
    '                            return shutil.copyfileobj(file, self.wfile)' \
    '                    kind, body = index.page(name[1] if name else "")' \
    '                    status = 200' \
    '                except Exception as error:  # Cut short, no list of files: none of it is an answer.' \
    '                    kind, body = "text/plain", b""' \
    '                    status = 404 if getattr(error, "code", 0) in ABSENT else 502' \
    '                    if status == 502:' \
    '                        index.failed = "Failed to connect to %s: %s" % (index.upstream.address, error or type(error).__name__)' \
    '                self.begin(status, kind, len(body))' \
    '                self.wfile.write(body)' \
    '' \
    '            def begin(self, status, kind, length):' \
    '                self.send_response(status)' \
    '                self.send_header("Content-Type", kind)' \
    '                self.send_header("Content-Length", str(length))' \
    '                self.end_headers()' \
    '' \
    '            def log_message(self, *arguments):' \
    '                pass' \
    '' \
    '        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)' \
    '        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()' \
    '        self.url = "http://%s:%d/" % self.server.server_address' \
    '        self.home = tempfile.mkdtemp(prefix="slipway-index-")' \
    '        return self' \
    '' \
    '    def __exit__(self, *error):' \
    '        self.server.shutdown()' \
    '        self.server.server_close()' \
    '        shutil.rmtree(self.home, ignore_errors=True)' \
    '' \
    '    def file(self, path):' \
    '        """A file that a page has led to, whole and at its beginning."""' \
    '' \
    '        def fetched(response):' \
    '            file = tempfile.TemporaryFile(dir=self.home)' \
    '            shutil.copyfileobj(response, file)' \
    '            if response.length:' \
    '                raise OSError("%s is cut short" % path)' \
    '            file.seek(0)' \
    '            return file' \
    '' \
    '        return self.upstream.get(self.files[path], fetched)' \
    '' \
    '    def page(self, name):' \
    '        if not name:' \
    '            raise urllib.error.HTTPError("", 404, "no project", None, None)' \
    '        address = "%s/%s/" % (self.upstream.address, name)' \
    '        page, kind, body = self.upstream.get(address, lambda found: (found.url, found.headers.get_content_type(), found.read()))' \
    '        if not kind.endswith("+json"):' \
    '            self.undated = True' \
    '            return "text/html; charset=utf-8", b'"'"'<base href="%s">'"'"' % html.escape(page).encode() + body' \
    '        files = json.loads(body)["files"]' \
    '        kept = [file for file in files if self.cutoff == "none" or file.get("upload-time", "") <= self.cutoff]' \
    '        self.undated = self.undated or any("upload-time" not in file for file in files)' \
    '        links = "".join(link(file, self.address(urllib.parse.urljoin(page, file["url"]))) for file in kept)' \
    '        text = "<!DOCTYPE html><html><head><title>%s</title></head><body>\n%s</body></html>\n" % (html.escape(name), links)' \
    '        return "text/html; charset=utf-8", text.encode()' \
    '' \
    '    def address(self, url):' \
    '        """Where pip is to fetch a file."""' \
    '        path = "/-/%d/%s" % (len(self.files), os.path.basename(urllib.parse.urlsplit(url).path))' \
    '        self.files[path] = url' \
    '        return self.url.rstrip("/") + path' \
    '' \
    '    def environment(self):' \
    '        """Variables with which pip asks it, and not through a proxy; what a setup.py requires of old is fetched by easy_install."""' \
    '        with open(os.path.join(self.home, ".pydistutils.cfg"), "w") as file:' \
    '            file.write("[easy_install]\nindex_url = %s\n" % self.url)' \
    '        # It hears nothing before a file is here whole.' \
    '        found = dict(os.environ, PIP_INDEX_URL=self.url, PIP_DEFAULT_TIMEOUT="900", HOME=self.home)' \
    '        for name in ("no_proxy", "NO_PROXY"):' \
    '            found[name] = ",".join(filter(None, [found.get(name), "127.0.0.1"]))' \
    '        return found' \
    '' \
    '' \
    'def index_as_of(cutoff):' \
    '    return DatedIndex(cutoff, os.environ.get("PIP_INDEX_URL") or PUBLIC)' \
    '' \
    '' \
    'def main():' \
    '    with index_as_of(sys.argv[1]) as index:' \
    '        code = subprocess.run(sys.argv[2:], env=index.environment()).returncode' \
    '    if index.undated and sys.argv[1] != "none":' \
    '        print("slipway: the package index has no days of uploads: what pip installs is as of today", flush=True)' \
    '    if code != 0 and index.failed:' \
    '        print(index.failed, file=sys.stderr)' \
    '        print("slipway: the package index or a package'"'"'s source did not answer; this is tried again as it is", file=sys.stderr, flush=True)' \
    '        code = 75' \
    '    sys.exit(code)' \
    '' \
    '' \
    'if __name__ == "__main__":' \
    '    main()' \
    > /srv/conda/lib/dated_index.py && chmod 755 /srv/conda/lib/dated_index.py && \
    printf '%s\n' \
    '"""The pip of a Python before 3.6, which uv does not know, with an index as of a day."""' \
    '' \
    'import re' \
    'import subprocess' \
    '' \
    'from dated_index import index_as_of' \
    '' \
    'NAME = r"([A-Za-z0-9._-]+)"' \
    'FAILED = re.compile(r"Failed building wheel for %s|Running setup\.py install for %s: finished with status '"'"'error'"'"'" % (NAME, NAME))' \
    'UNFIT = re.compile(' \
    '    r"No matching distribution found|ResolutionImpossible|conflicting dependencies|requirement conflict|Double requirement given"' \
    ')' \
    'UNREACHED = re.compile(r"Max retries exceeded|Connection(?:Error| refused| reset)|Read timed out|SSLError")' \
    'MISMATCH = re.compile(r"DO NOT MATCH THE HASHES.*?\n\s*%s(?:==| from )" % NAME, re.S)' \
    'DIRECT = re.compile(r"%s(\[[^\]]*\])?\s*@\s*(\S+)(\s*;.*)?" % NAME)' \
    '' \
    '' \
    'def old_line(line):' \
    '    """A requirement by its address as every pip reads it: `name @ url` is known from 19.3 on only."""' \
    '    found = DIRECT.fullmatch(line)' \
    '    if not found:' \
    '        return line' \
    '    name, extras, url, marker = found.groups()' \
    '    return "%s%segg=%s%s%s" % (url, "&" if "#" in url else "#", name, extras or "", marker or "")' \
    '' \
    '' \
    'class Answer:' \
    '    """What pip said, as uv.Answer has it."""' \
    '' \
    '    def __init__(self, code, text, unanswered):' \
    '        self.text = (text.strip() + "\n" + unanswered).strip()' \
    '        failed = FAILED.search(text)' \
    '        self.package = failed and (failed[1] or failed[2])' \
    '        self.kind = "ok" if code == 0 else self._kind(unanswered)' \
    '' \
    '    def _kind(self, unanswered):' \
    '        if unanswered or UNREACHED.search(self.text):' \
    '            return "upstream"' \
    '        other = MISMATCH.search(self.text)' \
    '        if other:' \
    '            self.package = other[1]' \
    '            return "hash-mismatch"' \
    '        if UNFIT.search(self.text):' \
    '            return "no-solution"' \
    '        return "build-failed" if self.package else "error"' \
    '' \
    '' \
    'class OldPip:' \
    '    def __init__(self, python, section):' \
    '        self.command = [python, "-m", "pip", "install", "--no-cache-dir", *section["indexOptions"]]' \
    '        self.command += ["--pre"] if section.get("prereleases") else []' \
    '        # Whether the index had no days.' \
    '        self.undated = False' \
    '' \
    '    def install(self, cutoff, words):' \
    '        with index_as_of(cutoff) as index:' \
    '            done = subprocess.run(' \
    '                [*self.command, *words],' \
    '                env=index.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",' \
    '            )' \
    '        self.undated = self.undated or index.undated' \
    '        return Answer(done.returncode, done.stdout, index.failed)' \
    > /srv/conda/lib/old_pip.py && chmod 755 /srv/conda/lib/old_pip.py && \
    printf '%s\n' \
    '"""Environments as the command `conda` sees them: /srv/env, which is `notebook`, and those that it made itself."""' \
    '' \
    'import glob' \
    'import importlib.metadata' \
    'import json' \
    'import os' \
    'import re' \
    'import subprocess' \
    'import sys' \
    'import tempfile' \
    '' \
    'import rattler' \
    'from rattler.exceptions import SolverError' \
    '' \
    'import solver' \
    'from solver import Solver' \
    '' \
    'CAPTION = ("# Name", "Version", "Build", "Channel")' \
    'ENVS = "/srv/conda/envs"' \
    '' \
    '' \
    'def short(url):' \
    '    return (url or "").rstrip("/").replace(solver.PUBLIC + "/", "")' \
    '' \
    '' \
    'def declared(path):' \
    '    """Name, channels, specs and pip'"'"'s lines of an environment.yml; the server'"'"'s Python has what reads YAML."""' \
    '    script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"' \
    '    done = subprocess.run(["/srv/jupyter/bin/python", "-c", script, path], stdout=subprocess.PIPE, text=True)' \
    '    if done.returncode != 0:' \
    '        sys.exit("conda: %s could not be read" % path)' \
    '    said = json.loads(done.stdout) or {}' \
    '    items = said.get("dependencies") or []' \
    '    pip = [line for item in items if isinstance(item, dict) for line in item.get("pip") or []]' \
    '    channels = [name for name in said.get("channels") or [] if isinstance(name, str) and name != "nodefaults"]' \
    '    return said.get("name"), channels, [item for item in items if isinstance(item, str)], [str(line) for line in pip if line]' \
    '' \
    '' \
    'def by_pip(prefix, path, lines):' \
    '    """Installs lines of a pip section as what they are, a requirements file, beside the file that they stand in: paths in them' \
    '    start there."""' \
    '    folder = os.path.dirname(os.path.abspath(path))' \
    '    place = folder if os.access(folder, os.W_OK) else None' \
    '    with tempfile.NamedTemporaryFile("w", prefix=".conda-", suffix=".requirements.txt", dir=place) as file:' \
    '        file.write("".join(line + "\n" for line in lines))' \
    '        file.flush()' \
    '        command = ["uv", "pip", "install", "--python", prefix.path + "/bin/python", "-r", file.name]' \
    '        return subprocess.run(command, cwd=folder).returncode' \
    '' \
    '' \
    'class Prefix:' \
    '    def __init__(self, path):' \
    '        self.path = path' \
    '        self.name = "notebook" if path == solver.PREFIX else os.path.basename(path)' \
    '        self.environment = json.loads(solver.read("conda.json"))' \
    '        self.channels = self.environment["channels"]' \
    '        self.platform = self.environment["platform"]' \
    '        self.day = solver.read("resolved-as-of").strip()' \
    '' \
    '    @classmethod' \
    '    def of(cls, given, create=False):' \
    '        """The one that the command line names, else the active one."""' \
    '        active = os.environ.get("CONDA_PREFIX") or solver.PREFIX' \
    '        path = given.prefix or (given.name and os.path.join(ENVS, given.name)) or active' \
    '        if given.name in ("base", "root", "notebook") or os.path.realpath(path) == solver.PREFIX:' \
    '            path = solver.PREFIX' \
    '        if not create and not os.path.isdir(path):' \
    '            sys.exit("conda: there is no environment %s" % path)' \
    '        return cls(os.path.abspath(path))' \
    '' \
    '    @classmethod' \
    '    def all(cls):' \
    '        made = [path for path in sorted(glob.glob(ENVS + "/*")) if os.path.isdir(path + "/conda-meta") and not os.path.islink(path)]' \
    '        return [cls(path) for path in [solver.PREFIX, *made]]' \
    '' \
    '    def installed(self):' \
    '        """Name → record of every conda package."""' \
    '        records = [rattler.PrefixRecord.from_path(path) for path in sorted(glob.glob(self.path + "/conda-meta/*.json"))]' \
    '        return {record.name.normalized: record for record in records}' \
    '' \
    '    def requested(self):' \
    '        """Name → spec of what somebody has asked for."""' \
    '        return {name: spec for name, record in self.installed().items() for spec in (record.requested_specs or [])[:1]}' \
    '' \
    '    def rows(self):' \
    '        records = self.installed()' \
    '        found = [(name, str(record.version), str(record.build), short(record.channel)) for name, record in records.items()]' \
    '        here = glob.glob(self.path + "/lib/python*/site-packages")' \
    '        for one in importlib.metadata.distributions(path=here):' \
    '            name = (one.metadata["Name"] or "").lower()' \
    '            if name and (one.read_text("INSTALLER") or "").strip() in ("pip", "uv") and name.replace("_", "-") not in records:' \
    '                found.append((name, one.version, "pypi_0", "pypi"))' \
    '        return sorted(found)' \
    '' \
    '    def export(self, without_builds, requested):' \
    '        lines = ["name: " + self.name, "channels:", *("  - " + name for name in self.channels), "dependencies:"]' \
    '        rows = self.rows()' \
    '        if requested:' \
    '            lines += ["  - " + spec for spec in self.requested().values()]' \
    '        else:' \
    '            lines += ["  - " + "=".join(row[:2] if without_builds else row[:3]) for row in rows if row[3] != "pypi"]' \
    '        pip = ["      - %s==%s" % row[:2] for row in rows if row[3] == "pypi"]' \
    '        return "\n".join(lines + (["  - pip:", *pip] if pip else []) + ["prefix: " + self.path]) + "\n"' \
    '' \
    '    def solver(self, channels, specs=()):' \
    '        """These channels before the environment'"'"'s own, which are also what `defaults` stands for; last those that a spec alone' \
    '        names."""' \
    '        last = [re.sub(r"/(noarch|linux-[a-z0-9]+)$", "", spec.rpartition("::")[0]) for spec in specs if "::" in spec]' \
    '        named = [one for name in channels for one in (self.channels if name == "defaults" else [name])]' \
    '        known = {}' \
    '        for name in [*named, *self.channels, *last]:' \
    '            known.setdefault(short(name), name)' \
    '        return Solver(dict(self.environment, channels=list(known.values())))' \
    '' \
    '    async def search(self, specs, channels):' \
    '        work = self.solver(channels, specs)' \
    '        wanted = [rattler.MatchSpec(spec) for spec in specs]' \
    '        cutoff = solver.moment(self.cutoff())' \
    '        found = await work.gateway.query(work.channels, [self.platform, "noarch"], wanted, recursive=False, channel_relations="disabled")' \
    '        records = sorted((record for records in found for record in records), key=lambda record: (record.version, record.build_number))' \
    '        dated = [one for one in records if cutoff is None or one.timestamp is None or one.timestamp <= cutoff]' \
    '        return [(one.name.normalized, str(one.version), str(one.build), short(one.channel)) for one in dated if any(spec.matches(one) for spec in wanted)]' \
    '' \
    '    def cutoff(self):' \
    '        return "none" if self.day == "latest" else self.day + "T23:59:59Z"' \
    '' \
    '    async def change(self, specs, channels, drop, free, dry_run, alone):' \
    '        """Lines that tell what became of it."""' \
    '        before = self.installed()' \
    '        names = {rattler.MatchSpec(spec).name.normalized for spec in specs}' \
    '        gone, moved = with_dependents(before, set(drop)), names | set(free)' \
    '        asked = [spec for name, spec in self.requested().items() if name not in gone | moved] + specs' \
    '        work = self.solver(channels, asked)' \
    '        # All that is there stays, if not in its version; Python keeps its series, as what pip installed stands in its folder.' \
    '        held = [name for name in before if name not in gone]' \
    '        if "python" in held and "python" not in moved:' \
    '            held.append("python %s.*" % ".".join(str(before["python"].version).split(".")[:2]))' \
    '        wanted, locked = asked + held, [record for name, record in before.items() if name not in gone | moved]' \
    '        lines = []' \
    '        try:' \
    '            records = await work.solve(wanted, self.cutoff(), locked_packages=locked)' \
    '        except SolverError:' \
    '            if self.day == "latest":' \
    '                raise' \
    '            records = await work.solve(wanted, "none", locked_packages=locked)' \
    '            lines.append("As of %s, the day of this environment, that has no solution: packages are today'"'"'s." % self.day)' \
    '        if alone:' \
    '            records = [*locked, *(record for record in records if record.name.normalized in names)]' \
    '        lines += told(before, records)' \
    '        if not dry_run:' \
    '            await work.install(records, asked, self.path)' \
    '            fresh = [record.name.normalized for record in records if before.get(record.name.normalized) is None]' \
    '            # Without names it would run the scripts of all that is there.' \
    '            if fresh:' \
    '                subprocess.run(["slipway-post-link", self.path, *fresh])' \
    '        return lines' \
    '' \
    '' \
    'def with_dependents(records, names):' \
    '    """The names, and those of all packages that need one of them."""' \
    '    while True:' \
    '        needs = {name for name, record in records.items() if names & {one.split()[0] for one in record.depends}}' \
    '        if needs <= names:' \
    '            return names' \
    '        names = names | needs' \
    '' \
    '' \
    'def told(before, records):' \
    '    after = {record.name.normalized: record for record in records}' \
    '    lines = []' \
    '    for name in sorted(set(before) | set(after)):' \
    '        old, new = before.get(name), after.get(name)' \
    '        if old is None:' \
    '            lines.append("  + %-28s %s" % (name, new.version))' \
    '        elif new is None:' \
    '            lines.append("  - %-28s %s" % (name, old.version))' \
    '        elif (str(old.version), str(old.build)) != (str(new.version), str(new.build)):' \
    '            lines.append("  ~ %-28s %s -> %s" % (name, old.version, new.version))' \
    '    return lines or ["All requested packages are there already."]' \
    > /srv/conda/lib/prefixes.py && chmod 755 /srv/conda/lib/prefixes.py
RUN printf '%s\n' \
    '"""`conda` and `mamba` in a session and in postBuild: what notebooks and scripts do with them, over rattler. Packages come from' \
    'the environment'"'"'s own channels, as of its own day. `conda activate` is a function of the shell (conda.sh).' \
    '"""' \
    '' \
    'import argparse' \
    'import asyncio' \
    'import json' \
    'import os' \
    'import sys' \
    '' \
    'import rattler' \
    'from rattler.exceptions import SolverError' \
    '' \
    'import prefixes' \
    'from prefixes import CAPTION, Prefix' \
    'from solver import PUBLIC, UPSTREAM, ending' \
    '' \
    'VERSION = "24.7.1"' \
    '' \
    '' \
    'def stop(message):' \
    '    print("conda: " + message, file=sys.stderr)' \
    '    sys.exit(1)' \
    '' \
    '' \
    'def changed(prefix, specs, given, drop=(), free=()):' \
    '    """Solves what is wanted now and makes it so. `drop`: names that go; `free`: names that may move."""' \
    '    channels = list(given.channel or [])' \
    '    try:' \
    '        work = prefix.change(specs, channels, drop, free, given.dry_run, given.no_deps)' \
    '        for line in asyncio.run(work):' \
    '            if not given.quiet:' \
    '                print(line, flush=True)' \
    '    except SolverError as error:' \
    '        stop("these packages have no solution:\n%s" % error)' \
    '    except rattler.exceptions.InvalidMatchSpecError as error:' \
    '        stop("this is no package: %s" % error)' \
    '    except Exception as error:' \
    '        told = "a channel did not answer" if UPSTREAM.search(str(error)) else "it failed"' \
    '        stop("%s:\n%s" % (told, error))' \
    '' \
    '' \
    'def specs_of(given):' \
    '    found = list(given.specs)' \
    '    for path in given.file or []:' \
    '        if path.endswith((".yml", ".yaml")):' \
    '            stop("%s: use conda env update --file %s" % (path, path))' \
    '        with open(path) as file:' \
    '            found += [line.strip() for line in file if line.strip() and line.strip()[0] not in "#@"]' \
    '    return found' \
    '' \
    '' \
    'def install(given):' \
    '    prefix = Prefix.of(given)' \
    '    specs = specs_of(given)' \
    '    if not specs:' \
    '        stop("name a package to install")' \
    '    changed(prefix, specs, given)' \
    '' \
    '' \
    'def create(given):' \
    '    prefix = Prefix.of(given, create=True)' \
    '    if os.path.isdir(prefix.path + "/conda-meta") and not given.yes:' \
    '        stop("%s is there already" % prefix.path)' \
    '    changed(prefix, specs_of(given), given)' \
    '    print("To activate it: conda activate %s" % prefix.name)' \
    '' \
    '' \
    'def remove(given):' \
    '    prefix = Prefix.of(given)' \
    '    if given.all:' \
    '        if prefix.path == "/srv/env":' \
    '            stop("the session'"'"'s own environment cannot be removed")' \
    '        changed(prefix, [], given, drop=list(prefix.installed()))' \
    '        return' \
    '    missing = [name for name in given.specs if name not in prefix.installed()]' \
    '    if missing:' \
    '        stop("not installed: %s" % ", ".join(missing))' \
    '    changed(prefix, [], given, drop=given.specs)' \
    '' \
    '' \
    'def update(given):' \
    '    prefix = Prefix.of(given)' \
    '    names = list(prefix.installed()) if given.all else [name for name in given.specs if name not in ("conda", "mamba")]' \
    '    changed(prefix, [name for name in names if not given.all], given, free=names)' \
    '' \
    '' \
    'def listing(given):' \
    '    prefix = Prefix.of(given)' \
    '    rows = [row for row in prefix.rows() if not given.specs or given.specs[0] in row[0]]' \
    '    if given.json:' \
    '        print(json.dumps([dict(zip(("name", "version", "build_string", "channel"), row)) for row in rows], indent=2))' \
    '        return' \
    '    print("# packages in environment at %s:\n#" % prefix.path)' \
    '    print("%-28s %-16s %-24s %s" % CAPTION)' \
    '    for row in rows:' \
    '        print(("%-28s %-16s %-24s %s" % row).rstrip())' \
    '' \
    '' \
    'def environments(given):' \
    '    command, arguments = (given.specs or ["list"])[0], given.specs[1:]' \
    '    if command == "list":' \
    '        print("# conda environments:\n#")' \
    '        for prefix in Prefix.all():' \
    '            print("%-20s %s %s" % (prefix.name, "*" if prefix.path == os.environ.get("CONDA_PREFIX") else " ", prefix.path))' \
    '    elif command == "export":' \
    '        print(Prefix.of(given).export(given.no_builds, given.from_history), end="")' \
    '    elif command in ("update", "create"):' \
    '        [path] = given.file or arguments[:1] or ["environment.yml"]' \
    '        name, channels, specs, pip = prefixes.declared(path)' \
    '        if command == "create" and not given.name and not given.prefix:' \
    '            given.name = name' \
    '        prefix = Prefix.of(given, create=command == "create")' \
    '        given.channel = [*(given.channel or []), *channels]' \
    '        changed(prefix, specs, given)' \
    '        if pip and not given.dry_run:' \
    '            sys.exit(prefixes.by_pip(prefix, path, pip))' \
    '    else:' \
    '        stop("conda env %s is not here; list, export, create and update are" % command)' \
    '' \
    '' \
    'def search(given):' \
    '    prefix = Prefix.of(given)' \
    '    try:' \
    '        rows = asyncio.run(prefix.search(given.specs, list(given.channel or [])))' \
    '    except Exception as error:' \
    '        stop("a channel could not be read:\n%s" % error)' \
    '    if not rows:' \
    '        stop("no channel has %s" % " ".join(given.specs))' \
    '    print("%-28s %-16s %-24s %s" % CAPTION)' \
    '    for row in rows:' \
    '        print("%-28s %-16s %-24s %s" % row)' \
    '' \
    '' \
    'def info(given):' \
    '    active = os.environ.get("CONDA_PREFIX", "/srv/env")' \
    '    prefix = Prefix(active)' \
    '    said = {' \
    '        "active environment": prefix.name, "active env location": active, "root_prefix": "/srv/conda",' \
    '        "conda_version": "%s (Slipway'"'"'s, over rattler %s)" % (VERSION, rattler.__version__),' \
    '        "channels": prefix.channels, "channel_alias": PUBLIC, "packages as of": prefix.day, "platform": prefix.platform,' \
    '        "envs": [one.path for one in Prefix.all()],' \
    '    }' \
    '    if given.json:' \
    '        print(json.dumps(dict(said, default_prefix=active, conda_prefix="/srv/conda"), indent=2))' \
    '        return' \
    '    for name, value in said.items():' \
    '        print("%24s : %s" % (name, ", ".join(value) if isinstance(value, list) else value))' \
    '' \
    '' \
    'def run(given):' \
    '    prefix = Prefix.of(given)' \
    '    script = '"'"'. /srv/conda/etc/profile.d/conda.sh; conda activate "$0" && exec "$@"'"'"'' \
    '    os.execv("/bin/bash", ["bash", "-c", script, prefix.path, *given.command])' \
    '' \
    '' \
    'def nothing(given):' \
    '    print("conda %s: there is nothing to do here" % given.verb)' \
    '' \
    '' \
    'VERBS = {' \
    '    "install": install, "create": create, "remove": remove, "uninstall": remove, "update": update, "upgrade": update,' \
    '    "list": listing, "env": environments, "search": search, "info": info, "run": run,' \
    '    "clean": nothing, "config": nothing, "init": nothing,' \
    '}' \
    '' \
    '' \
    'def options(arguments):' \
    '    parser = argparse.ArgumentParser(prog="conda", description="conda'"'"'s commands, over rattler: %s" % ", ".join(VERBS))' \
    '    parser.add_argument("-V", "--version", action="version", version="conda " + VERSION)' \
    '    parser.add_argument("verb", choices=VERBS, metavar="COMMAND")' \
    '    parser.add_argument("-n", "--name")' \
    '    parser.add_argument("-p", "--prefix")' \
    '    parser.add_argument("-c", "--channel", action="append")' \
    '    parser.add_argument("-f", "--file", action="append")' \
    '    for flag in ("-y/--yes", "-q/--quiet", "-d/--dry-run", "--json", "--all", "--no-builds", "--from-history", "--no-deps"):' \
    '        parser.add_argument(*flag.split("/"), action="store_true")' \
    '    # What says how conda itself works changes nothing here.' \
    '    for flag in ("--override-channels", "--strict-channel-priority", "--no-channel-priority", "--force-reinstall", "--freeze-installed",' \
    '                 "--update-deps", "--prune", "--no-update-deps", "--no-capture-output", "--live-stream", "--set", "--add", "--show", "--force"):' \
    '        parser.add_argument(flag, action="store_true")' \
    '    parser.add_argument("specs", nargs="*")' \
    '    return parser.parse_intermixed_args(arguments)' \
    '' \
    '' \
    'def main():' \
    '    arguments = sys.argv[1:]' \
    '    command = []' \
    '    if arguments[:1] == ["run"]:' \
    '        # Everything from the first word that is no option of ours on is somebody else'"'"'s.' \
    '        position = 1' \
    '        while position < len(arguments) and arguments[position].startswith("-"):' \
    '            position += 2 if arguments[position] in ("-n", "-p", "--name", "--prefix") else 1' \
    '        arguments, command = arguments[:position], arguments[position:]' \
    '    if arguments[:1] in (["config"], ["init"], ["clean"]):' \
    '        arguments = arguments[:1]' \
    '    given = options(arguments)' \
    '    given.command = command' \
    '    VERBS[given.verb](given)' \
    '' \
    '' \
    'ending(main)' \
    > /srv/conda/lib/conda.py && chmod 755 /srv/conda/lib/conda.py && \
    printf '%s\n' \
    '#!/bin/sh' \
    '# conda'"'"'s commands over rattler, under its names.' \
    'exec slipway-conda conda "$@"' \
    > /srv/conda/bin/conda && chmod 755 /srv/conda/bin/conda
RUN ln -s conda /srv/conda/bin/mamba
