/** What a repo provider is: the one place that knows a git host's addresses. */
import type { Provider, RepoSpec } from '../types.ts';

/** What a provider understood; `ref` and `page` as in RepoSpec. */
export type Found = Omit<RepoSpec, 'provider'>;

/** How a form asks for a repository of a provider: an entry of BinderHub's `/api/repoproviders`, without its id. */
export interface ProviderForm {
  displayName: string;
  spec: { validateRegex: string };
  /** Finds the repository in a pasted URL, as the group `repo`. */
  detect?: { regex: string };
  repo: { label: string; placeholder: string };
  ref: { enabled: boolean; default: string };
}

export interface Login {
  host: string;
  user: string;
  token: 'SLIPWAY_GITHUB_TOKEN' | 'SLIPWAY_GITLAB_TOKEN';
}

export interface RepoProvider {
  name: Exclude<Provider, 'local'>;
  form: ProviderForm;
  /** One accepted form, shown in hints. */
  example: string;
  /** Who we are at the host of its clone URLs when we look up refs. */
  login?: Login;
  /** Hosts that may stand without a scheme, and in `git@<host>:<path>`. */
  hosts: readonly string[];
  /** A missing `main` or `master` means HEAD. */
  forgivesDefaultBranch: boolean;
  /** Reads what follows `<name>/` in a spec, not yet percent-decoded. @throws bad_spec */
  fromSpec(rest: string): Found;
  /** Reads an http or https URL without credentials; undefined when it is another provider's. @throws bad_spec */
  fromUrl(url: URL): Found | undefined;
  /** Reads what is neither; undefined when it is not its own. @throws bad_spec */
  fromText?(text: string): Found | undefined;
}
