/** What will be built and why, as a list to read. */
import { pythonName } from '../../python-name.ts';
import type { PlanPreview } from '../../service/types.ts';
import type { Step } from '../../types.ts';
import { refName, repoName, roughly, withDays } from '../pages/words.ts';
import { make } from './dom.ts';

const PACKS: Record<string, string> = {
  apt: 'Debian packages',
  conda: 'conda',
  default: 'the default environment',
  dockerfile: 'a Dockerfile',
  postbuild: 'a postBuild script',
  python: 'Python',
  start: 'a start script',
};

function row(term: string, ...content: (Node | string)[]): HTMLElement {
  return make('div', {}, make('dt', { textContent: term }), make('dd', {}, ...content));
}

interface Planned {
  plan: { steps: readonly Pick<Step, 'place'>[] };
}

/** The sentence that counts most: how long it takes. */
export function whenReady({ cached, usual, plan }: Pick<PlanPreview, 'cached' | 'usual'> & Planned): string {
  if (cached.content) return 'Built already: it opens in seconds.';
  const time = usual === undefined ? undefined : `usually ${roughly(usual)}`;
  if (!cached.environment) return `Has to be built once${time ? `, ${time}` : '; that takes minutes'}.`;
  const there = 'Its environment is there already';
  // A postBuild or a package of the repository's own may take any time.
  if (plan.steps.some(({ place }) => place === 'content'))
    return `${there}; its own steps have to run once${time ? `, ${time}` : ', which may take minutes'}.`;
  return `${there}: only the files are new, ${time ?? 'which takes seconds'}.`;
}

export function planList(preview: PlanPreview): HTMLElement {
  const { plan, resolved } = preview;
  const packs = plan.buildpacks.map(({ name, evidence }) =>
    make(
      'li',
      {},
      make('strong', { textContent: PACKS[name] ?? name }),
      ...evidence.flatMap(({ file, reason }) => [' · ', make('code', { textContent: file }), ` ${reason}`]),
    ),
  );
  const notices = plan.notices.map(({ message, file }) =>
    make('li', {}, ...(file ? [make('code', { textContent: file }), ' '] : []), withDays(message)),
  );
  return make(
    'dl',
    { className: 'facts' },
    row('Time', whenReady(preview)),
    ...(resolved.spec.doi === undefined ? [] : [row('Repository', `${repoName(resolved.spec)} ${refName(resolved)}`)]),
    row(
      'Commit',
      make('code', { textContent: resolved.commit.slice(0, 12) }),
      ` of ${withDays(plan.commitDate.slice(0, 10))}`,
    ),
    row('Found', packs.length > 0 ? make('ul', {}, ...packs) : 'No environment files: the default environment.'),
    row('Packages', `as of ${withDays(plan.asOf)}`),
    row('On', `Debian ${plan.era.debian}, ${pythonName(plan)}`),
    ...(notices.length > 0 ? [row('Notes', make('ul', {}, ...notices))] : []),
  );
}
