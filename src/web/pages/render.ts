/** View → page. Everything that goes into a page is escaped by Handlebars; only the site's own style and words are HTML. */
import Handlebars from 'handlebars';
import { compile } from './compile.ts';
import { goneLetter, whyOver } from './gone.ts';
import { issueLink, type Letter, letterOf } from './letter.ts';
import type { ErrorView, FrontView, GoneView, LaunchView, Site } from './views.ts';
import { fileOf, refName, repoName, specPath } from './words.ts';

/** What a person sees of a launch; images are published where they go to a registry. */
const stagesOf = ({ publishes }: Site) => ['Find', 'Plan', 'Build', ...(publishes ? ['Publish'] : []), 'Start'];
const EMPTY_LETTER: Letter = { turn: 'you', whose: '', title: '', what: '', more: '', who: '', how: '' };
/** Seconds after which a launch page without script looks again. */
const REFRESH = 5;

const engine = Handlebars.create();
engine.registerHelper('asset', (name: string, options: Handlebars.HelperOptions) =>
  (options.data as { root: { site: Site } }).root.site.asset(name),
);
engine.registerHelper('encode', (text: unknown) => encodeURIComponent(String(text)));
for (const name of ['layout', 'letter']) engine.registerPartial(name, engine.template(compile(name)));
const templates = Object.fromEntries(
  ['front', 'launch', 'about', 'error'].map((name) => [name, engine.template(compile(name))]),
);

interface Head {
  title: string;
  description: string;
  /** Path that search engines and previews should know it by. */
  path?: string;
  script?: string;
  /** No search engine should keep it. */
  isHidden?: boolean;
  refresh?: number;
}

function page(site: Site, name: string, { path, ...head }: Head, values: object): string {
  const address = path === undefined ? undefined : site.baseUrl + path;
  return templates[name]?.({ site, address, ...head, ...values }) ?? '';
}

const DESCRIPTION =
  'A public Git repository becomes a running notebook in your browser. Nothing to install, no account.';

export function renderFront(site: Site, view: FrontView): string {
  const head = { title: `${site.name}: run a repository in your browser`, description: DESCRIPTION, path: '/' };
  const recent = view.recent?.map(({ provider, name, ref }) => ({
    name: repoName({ provider: provider as 'gh', name }),
    ref: refName({ ref }),
    href: `/v2/${specPath({ provider: provider as 'gh', name, ref })}`,
  }));
  const hasOptions = Boolean(view.ref || view.path);
  return page(site, 'front', { ...head, script: 'front.js' }, { ...view, recent, hasOptions });
}

export function renderLaunch(site: Site, view: LaunchView): string {
  const { spec, request, launch, path, token } = view;
  const name = repoName(spec);
  const files = ['terminal.css', 'favicon-busy.svg', 'favicon-ready.svg', 'favicon-failed.svg'];
  const assets = Object.fromEntries(files.map((file) => [file, site.asset(file)]));
  const stages = stagesOf(site);
  const data = JSON.stringify({ request, spec, path, token, name, stages, launch: launch?.id, assets });
  return page(
    site,
    'launch',
    {
      title: `${name} on ${site.name}`,
      description: `Opens ${name} as a running notebook in your browser. Nothing to install, no account.`,
      script: 'launch.js',
      ...(launch ? { isHidden: true } : { path }),
      ...(launch && !launch.endedAt && launch.state !== 'ready' && { refresh: REFRESH }),
    },
    {
      name,
      data,
      path,
      token,
      ref: refName(spec),
      repoLink: spec.cloneUrl.replace(/\.git$/, ''),
      documentTitle: fileOf(request.urlpath) ?? 'README',
      stages,
      empty: EMPTY_LETTER,
      record: launch && recordWords(site, launch, view),
    },
  );
}

/** Where a launch is, for a page without script. */
function recordWords(site: Site, launch: NonNullable<LaunchView['launch']>, { spec, path }: LaunchView): object {
  const name = repoName(spec);
  const again = 'This page looks again every few seconds.';
  switch (launch.state) {
    case 'resolving':
      return { headline: `Finding ${name}`, detail: again };
    case 'building':
      return { headline: `Building what ${name} needs`, detail: `${again} The first time takes some minutes.` };
    case 'launching':
      return { headline: 'Starting your session', detail: again };
    case 'ready':
      return launch.over
        ? { headline: 'This session has ended', detail: whyOver(launch.over), again: path }
        : { headline: 'Your session is ready', link: launch.link };
    case 'cancelled':
      return { headline: 'This launch was cancelled', detail: 'Open the link again to start a new one.' };
    case 'failed':
      return { letter: failedLetter(site, launch, spec, path) };
  }
}

function failedLetter(
  site: Site,
  { error, build }: NonNullable<LaunchView['launch']>,
  spec: LaunchView['spec'],
  path: string,
): object {
  const failed = error ?? { code: 'internal', message: 'It ended, and nothing says why.' };
  const letter = letterOf(failed, repoName(spec));
  const issue = letter.turn === 'author' ? issueLink(spec, failed, site.baseUrl + path) : '';
  return {
    ...letter,
    actions: [
      { text: 'Try again', href: path },
      ...(build ? [{ text: 'See the log', href: `/api/v1/builds/${build}/log` }] : []),
      ...(issue ? [{ text: 'Tell the author', href: issue, away: true }] : []),
    ],
  };
}

export function renderAbout(site: Site, view: { version: string }): string {
  const head = { title: `About ${site.name}`, description: DESCRIPTION, path: '/about' };
  return page(site, 'about', head, view);
}

export function renderError(site: Site, { status, failure }: ErrorView): string {
  const letter = letterOf(failure);
  const title = status === 404 && letter.turn === 'us' ? 'There is nothing here' : letter.title;
  const actions = [{ text: 'To the front page', href: '/' }];
  const head = { title: `${title}: ${site.name}`, description: letter.what, isHidden: true };
  return page(site, 'error', head, { ...letter, title, actions });
}

/** A page of the sessions' origin, from which everything else is on another. */
export function renderGone(site: Site, view: GoneView): string {
  const letter = goneLetter(view);
  const front = { text: 'To the front page', href: `${site.baseUrl}/` };
  const again = view.again ? [{ text: 'Launch it again', href: site.baseUrl + view.again }] : [];
  const actions = view.isThere ? [{ text: 'Reload', href: '' }, front] : [...again, front];
  const head = { title: `${letter.title}: ${site.name}`, description: letter.what, isHidden: true };
  return page(site, 'error', head, { ...letter, actions });
}
