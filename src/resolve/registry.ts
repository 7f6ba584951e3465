/** Every repo provider, in the order in which a URL is offered to them; `git` takes whatever is left. */
import type { RepoProvider } from './provider.ts';
import { gh } from './providers/gh.ts';
import { gist } from './providers/gist.ts';
import { git } from './providers/git.ts';
import { gl } from './providers/gl.ts';
import { zenodo } from './providers/zenodo.ts';

export const PROVIDERS: readonly RepoProvider[] = [gh, gl, gist, zenodo, git];
