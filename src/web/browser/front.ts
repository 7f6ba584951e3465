/** The front page: says what it understood of what is typed, what would be built, and has the badge. */
import { parseRepo } from '../../resolve/spec.ts';
import type { PlanPreview } from '../../service/types.ts';
import type { RepoSpec } from '../../types.ts';
import { fileOf, refName, repoName, specPath } from '../pages/words.ts';
import { badgeText, type Format } from './badge-text.ts';
import { type ApiError, askApi, byId, copyButton, make } from './dom.ts';
import { planList } from './plan-view.ts';

/** Names of providers as people know them. */
const PROVIDERS: Record<string, string> = {
  gh: 'GitHub repository',
  gl: 'GitLab project',
  gist: 'Gist',
  zenodo: 'DOI',
  git: 'Git repository',
};

const token = byId('front').dataset.token ?? '';
const repo = byId<HTMLInputElement>('repo');
const ref = byId<HTMLInputElement>('ref');
const path = byId<HTMLInputElement>('path');
const answer = byId('understood');
const show = byId<HTMLButtonElement>('plan-show');
const image = byId<HTMLImageElement>('badge-image');
const example = [...answer.childNodes];
let spec: RepoSpec | undefined;
/** Once its host was asked: where the ref of a pasted page ends, and which file it shows. */
let exact: { path: string; file: string } | undefined;

function icon(line: string): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const drawn = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  drawn.setAttribute('d', line);
  svg.append(drawn);
  return svg;
}

const CHECK = 'm5 12.5 4.5 4.5L19 7.5';
const CROSS = 'M12 7v6M12 16.5v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z';

function chips({ page, urlpath, ...found }: RepoSpec): HTMLElement[] {
  const [, ...rest] = page?.refAndPath.split('/') ?? [];
  const name = refName({ ...found, ...(page && { page }) });
  const opens = path.value.trim() || rest.join('/') || urlpath;
  const lookedUp = found.provider === 'zenodo' ? `looked up at ${new URL(found.cloneUrl).host} when launched` : '';
  return [
    ...(lookedUp ? [make('span', { className: 'chip', textContent: lookedUp })] : []),
    ...(name ? [make('span', { className: 'chip mono', textContent: name })] : []),
    ...(opens ? [make('span', { className: 'chip', textContent: `opens ${opens}` })] : []),
  ];
}

function understood(found: RepoSpec): void {
  const words = make(
    'span',
    {},
    `${PROVIDERS[found.provider] ?? 'Repository'} `,
    make('strong', { textContent: repoName(found) }),
  );
  answer.dataset.kind = 'good';
  answer.replaceChildren(make('p', { className: 'what' }, icon(CHECK), words, ...chips(found)));
}

function refused({ message, hint }: { message: string; hint?: string }): void {
  answer.dataset.kind = 'bad';
  const why = make('p', { className: 'what' }, icon(CROSS), make('span', { textContent: message }));
  answer.replaceChildren(why, ...(hint ? [make('p', { className: 'dim', textContent: hint })] : []));
}

/** Path of the launch page without `/v2/`, as the server makes it of the form. */
function launchPath(found: RepoSpec): string {
  // Of a page only its host can say where the ref ends: it stays whole.
  return found.page ? `git/${encodeURIComponent(repo.value.trim())}` : specPath(found);
}

function read(): RepoSpec | undefined {
  if (repo.value.trim() === '') {
    delete answer.dataset.kind;
    answer.replaceChildren(...example);
    return undefined;
  }
  try {
    const found = parseRepo(repo.value, { allowLocal: false, ref: ref.value.trim() || undefined });
    understood(found);
    return found;
  } catch (error) {
    // Half an address is no mistake yet.
    if (repo.value.length > 8) refused(error as ApiError);
    return undefined;
  }
}

function drawBadge(): void {
  if (!spec) return;
  const format = document.querySelector<HTMLInputElement>('[name="format"]:checked')?.value as Format;
  const name = `launch ${repoName(spec)}`;
  const file = path.value.trim() || exact?.file || '';
  byId('badge-text').textContent = badgeText(format, location.origin, exact?.path ?? launchPath(spec), file, name);
}

function update(): void {
  const before = spec && launchPath(spec);
  spec = read();
  repo.removeAttribute('aria-invalid');
  for (const id of ['plan', 'badge']) byId(id).hidden = spec === undefined;
  if (spec === undefined || launchPath(spec) !== before) exact = undefined;
  drawBadge();
  if (!spec || launchPath(spec) === before) return;
  image.src = `/badge/${launchPath(spec)}.svg`;
  show.hidden = false;
  byId('plan-body').replaceChildren(
    make('p', {
      className: 'dim',
      textContent: 'Which files are read, which packages that means, and how long it takes.',
    }),
  );
}

/** A page's branch and file as the host has them make a link that can be read. */
function readExactly({ resolved }: PlanPreview): void {
  if (!spec?.page) return;
  const { page: _replaced, ...rest } = spec;
  exact = { path: launchPath({ ...rest, ref: resolved.ref }), file: fileOf(resolved.urlpath) ?? '' };
  drawBadge();
}

async function preview(asked: string): Promise<HTMLElement> {
  try {
    const found = await askApi<PlanPreview>(`/api/v1/plan/${asked}`, { headers: { 'x-build-token': token } });
    if (asked === (spec && launchPath(spec))) readExactly(found);
    return planList(found);
  } catch (error) {
    const { message, hint } = error as ApiError;
    return make('p', {}, message, ...(hint ? [make('br'), make('span', { className: 'dim', textContent: hint })] : []));
  }
}

show.addEventListener('click', async () => {
  if (!spec) return;
  const asked = launchPath(spec);
  const body = byId('plan-body');
  show.hidden = true;
  body.replaceChildren(make('p', { className: 'dim', textContent: 'Reading the repository …' }));
  const shown = await preview(asked);
  // Somebody typed on meanwhile.
  if (asked === (spec && launchPath(spec))) body.replaceChildren(shown);
});
document.getElementById('example')?.addEventListener('click', (event) => {
  event.preventDefault();
  repo.value = (event.currentTarget as HTMLElement).dataset.repo ?? '';
  repo.focus();
  update();
});
copyButton(byId<HTMLButtonElement>('badge-copy'), () => byId('badge-text').textContent ?? '');
for (const field of [repo, ref, path]) field.addEventListener('input', update);
byId('badge').addEventListener('change', drawBadge);
if (repo.value !== '' && !answer.dataset.kind) update();
