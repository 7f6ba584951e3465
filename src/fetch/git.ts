/** What resolving asks of git, answered by the real one. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { NetworkSeams } from '../network.ts';
import type { GitRemote, RepoSpec } from '../types.ts';
import { localCommit, localGitDir } from './local.ts';
import { lsRefs } from './ls-refs.ts';
import { type Online, withOnline } from './online.ts';
import { UNBORN, writeRepository } from './repository.ts';
import { runGit } from './run-git.ts';
import { makeTempFolder, removeTempFolder } from './temp.ts';

/** The remote side of git under the policy of `config`; `signal` ends whatever is under way. */
export function createGit(config: Config, signal?: AbortSignal, seams?: Partial<NetworkSeams>): GitRemote {
  const online = <T>(action: (online: Online) => Promise<T>) => withOnline({ config, signal, seams }, action);
  return {
    async listRefs(spec, authorization) {
      if (spec.provider === 'local') return { refs: await localRefs(spec) };
      const url = spec.cloneUrl;
      const refs = await online(async (net) => {
        const listed = await lsRefs(url, net, config, authorization);
        const found = listed ?? readRefs(await net.git(url, ['ls-remote', '--', url]));
        if (!listed && found.size === 0) await checkSpeaksGit(net, config, url);
        return found;
      });
      return { refs };
    },
    async expandSha(spec, prefix) {
      if (spec.provider === 'local') return expandIn(await localGitDir(spec.cloneUrl), prefix);
      const folder = await makeTempFolder();
      try {
        return await online((net) => fetchAndExpand(net, spec.cloneUrl, prefix, join(folder, 'commits.git')));
      } finally {
        await removeTempFolder(folder);
      }
    },
    localCommit: (folder) => localCommit(folder, config),
  };
}

/** A page of one line is an empty list of refs to git, as an old server without commits gives it. @throws not_git */
async function checkSpeaksGit(online: Online, config: Config, url: string): Promise<void> {
  const { ask } = await import('./http.ts');
  const refs = new URL(`${url}/info/refs?service=git-upload-pack`);
  try {
    const answer = await ask(online.gate, config, refs, { method: 'GET', headers: {}, signal: online.signal });
    const isGit = answer.headers['content-type'] === 'application/x-git-upload-pack-advertisement';
    for await (const chunk of isGit ? [] : (answer as AsyncIterable<Buffer>)) {
      if (chunk.length > 0) throw new Error('info/refs not valid: this is no list of refs');
    }
    answer.destroy();
  } catch (error) {
    throw online.explain(url, error);
  }
}

/** `<sha>\t<name>` lines, as ls-remote prints them; what an annotated tag points at replaces the tag. */
function readRefs(text: string): Map<string, string> {
  const refs = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [sha, name] = line.split('\t');
    if (sha && name) refs.set(name.replace(/\^\{\}$/, ''), sha);
  }
  return refs;
}

async function localRefs(spec: RepoSpec): Promise<Map<string, string>> {
  const gitDir = await localGitDir(spec.cloneUrl);
  if (gitDir === undefined) return new Map();
  const format = '%(objectname)%09%(refname)%0a%(*objectname)%09%(refname)^{}';
  const text = await runGit(['for-each-ref', `--format=${format}`], { gitDir });
  const head = await runGit(['rev-parse', '--verify', '--end-of-options', 'HEAD'], { gitDir }).catch(() => '');
  return readRefs(`${text.replace(/^\t.*$/gm, '')}\n${head.trim()}\tHEAD`);
}

/** Commits only: no folders, no files. A server without filters sends everything, within the limits. */
async function fetchAndExpand(online: Online, url: string, prefix: string, gitDir: string): Promise<string[]> {
  writeRepository(gitDir, { head: UNBORN, bare: true });
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  await online.git(url, ['fetch', '--filter=tree:0', '--no-tags', '--no-write-fetch-head', '--', url, ...refs], {
    gitDir,
  });
  // Without the promisor in its settings git knows that there is nothing more to ask for.
  await rm(join(gitDir, 'config'));
  return expandIn(gitDir, prefix);
}

/** Commits that begin with `prefix`; tags and files that do are no candidates. */
async function expandIn(gitDir: string | undefined, prefix: string): Promise<string[]> {
  if (gitDir === undefined) return [];
  const text = await runGit(['rev-list', '--all'], { gitDir });
  return text.split('\n').filter((commit) => commit.startsWith(prefix));
}
