import { describe, expect, it } from 'vitest';
import { badgeText } from '../../../src/web/browser/badge-text.ts';
import { whenReady } from '../../../src/web/browser/plan-view.ts';
import {
  advance,
  detail,
  end,
  headline,
  newProgress,
  queueNews,
  type StreamEvent,
} from '../../../src/web/browser/progress.ts';
import { fileOf, refName, repoName, roughly, withDays } from '../../../src/web/pages/words.ts';

const STAGES = ['Find', 'Plan', 'Build', 'Start'] as const;
const WITH_REGISTRY = ['Find', 'Plan', 'Build', 'Publish', 'Start'] as const;

function told(...events: [at: number | undefined, event: StreamEvent][]) {
  return toldOf(STAGES, ...events);
}

function toldOf(stages: typeof STAGES | typeof WITH_REGISTRY, ...events: [number | undefined, StreamEvent][]) {
  const progress = newProgress(0, stages);
  for (const [at, event] of events) advance(progress, event, at);
  return progress;
}

const step = (number: number, title = 'Installing 3 Python packages as of 2022-05-10') => ({
  phase: 'building',
  step: { number, total: 4, title },
});

describe('progress', () => {
  it('says what happens, and how long each stage took', () => {
    const progress = told([100, { phase: 'fetching' }], [900, { phase: 'fetching', stage: 'plan' }], [1000, step(3)]);
    expect(headline(progress)).toBe('Installing 3 Python packages as of 10 May 2022');
    expect(progress.stages).toMatchObject([
      { name: 'Find', state: 'done', took: 900 },
      { name: 'Plan', state: 'done', took: 100 },
      { name: 'Build', state: 'current', share: 0.5 },
      { name: 'Start', state: 'waiting', share: 0 },
    ]);
  });

  it('publishes where there is a registry, and goes back to a build of what stands on it', () => {
    const pushing = { phase: 'pushing', message: 'Pushing\n' };
    const states = (progress: ReturnType<typeof told>) => progress.stages.slice(2).map(({ state }) => state);
    const published = toldOf(
      WITH_REGISTRY,
      [100, { phase: 'fetching', stage: 'plan' }],
      [200, step(4)],
      [900, pushing],
    );
    expect(headline(published)).toBe('Publishing the image');
    expect(published.stages.slice(2)).toMatchObject([
      { name: 'Build', state: 'done', took: 700, share: 1 },
      { name: 'Publish', state: 'current', share: 0 },
      { name: 'Start', state: 'waiting' },
    ]);
    advance(published, step(2, 'Running postBuild'), 1000);
    expect([headline(published), ...states(published)]).toEqual(['Running postBuild', 'current', 'waiting', 'waiting']);
    expect(published.stages[2]?.share).toBe(0.25);
    advance(published, pushing, 2000);
    advance(published, { phase: 'built' }, 2500);
    expect(published.stages.slice(2)).toMatchObject([
      { took: 1800 },
      { state: 'done', took: 500 },
      { state: 'current' },
    ]);
    expect(headline(told([0, step(4)], [1, pushing]))).toBe('Publishing the image');
  });

  it('tells of a session that has ended, and of nothing after it', () => {
    const progress = told([0, { phase: 'ready', url: 'u', token: 't' }]);
    end(progress, 'idle');
    advance(progress, { phase: 'ready', url: 'u', token: 't' }, 1);
    expect(headline(progress)).toBe('This session has ended');
    expect(detail(progress, 1)).toBe('Nobody used it for a while, so it was ended to make room.');
  });

  it('fills a stage by steps that are over, never by one that runs', () => {
    expect(told([0, step(1)]).stages[2]?.share).toBe(0);
    expect(told([0, step(4)]).stages[2]?.share).toBe(0.75);
    expect(told([0, step(3)], [0, step(2)]).stages[2]?.share).toBe(0.5);
  });

  it('tells no time of what was over before the page was opened', () => {
    const progress = told(
      [undefined, { phase: 'fetching', stage: 'plan' }],
      [undefined, step(2)],
      [5000, { phase: 'built' }],
    );
    expect(progress.stages.map(({ took }) => took)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('knows a launch whose image was there', () => {
    expect(told([5, { phase: 'built' }]).isCached).toBe(true);
    expect(told([5, step(1)], [9, { phase: 'built' }]).isCached).toBe(false);
  });

  it('gives the place in the queue, and an estimate only from earlier builds', () => {
    const progress = told([0, { phase: 'fetching', stage: 'plan' }]);
    queueNews(progress, { place: 3 }, 0);
    expect(headline(progress)).toBe('2 builds are before yours');
    expect(detail(progress, 0)).toBe('You can close this page: nothing is lost.');
    queueNews(progress, { place: 1, estimate: 130_000 }, 0);
    expect(headline(progress)).toBe('Next in the queue');
    expect(detail(progress, 0)).toBe('Usually 2 min from here, going by earlier builds.');
    expect(detail(progress, 131_000)).toBe('It takes longer than earlier builds did.');
  });

  it('ends once', () => {
    const progress = told([0, { phase: 'failed', code: 'repo_not_found', message: 'no' }], [1, { phase: 'ready' }]);
    expect(progress.state).toBe('failed');
    expect(progress.failed).toMatchObject({ code: 'repo_not_found', message: 'no' });
    expect(told([0, { phase: 'failed', code: 'cancelled' }]).state).toBe('cancelled');
  });
});

describe('words', () => {
  it('names repositories, refs and files as people do', () => {
    expect(repoName({ provider: 'gl', name: 'group%2Fsub%2Fproject' })).toBe('group/sub/project');
    expect(repoName({ provider: 'git', name: 'https%3A%2F%2Fgit.example%2Fa.git' })).toBe('git.example/a');
    expect(refName({ ref: '0123456789abcdef0123456789abcdef01234567' })).toBe('0123456');
    expect(refName({})).toBe('');
    expect(fileOf('/doc/tree/notebooks/a%20b.ipynb')).toBe('notebooks/a b.ipynb');
    expect(fileOf('lab/tree/docs/a.ipynb?x=1')).toBe('docs/a.ipynb');
    expect(fileOf('notebooks/a.ipynb')).toBe('a.ipynb');
    expect(fileOf('rstudio')).toBeUndefined();
    expect(fileOf('tree/%E0%A4%A')).toBeUndefined();
  });

  it('gives times no more exactly than they are known, and days as people write them', () => {
    expect([400, 4200, 42_000, 95_000, 3_900_000].map(roughly)).toEqual(['1 s', '4 s', '40 s', '2 min', '1 h 5 min']);
    expect(withDays('as of 2022-05-10, 2022-99-99')).toBe('as of 10 May 2022, 2022-99-99');
  });

  it.each([
    [
      'markdown',
      '[![launch o/r](https://s.example/badge/gh/o/r/HEAD.svg)](https://s.example/v2/gh/o/r/HEAD?labpath=a/b%20c.ipynb)',
    ],
    [
      'html',
      '<a href="https://s.example/v2/gh/o/r/HEAD?labpath=a/b%20c.ipynb"><img src="https://s.example/badge/gh/o/r/HEAD.svg" alt="launch o/r"></a>',
    ],
    [
      'rst',
      '.. image:: https://s.example/badge/gh/o/r/HEAD.svg\n   :target: https://s.example/v2/gh/o/r/HEAD?labpath=a/b%20c.ipynb\n   :alt: launch o/r',
    ],
    [
      'asciidoc',
      'image:https://s.example/badge/gh/o/r/HEAD.svg["launch o/r",link="https://s.example/v2/gh/o/r/HEAD?labpath=a/b%20c.ipynb"]',
    ],
  ] as const)('writes the badge in %s', (format, text) => {
    expect(badgeText(format, 'https://s.example', 'gh/o/r/HEAD', 'a/b c.ipynb', 'launch o/r')).toBe(text);
  });
});

describe('when it is ready', () => {
  const say = (cached: { environment?: boolean; content?: boolean }, usual?: number, ...places: string[]) =>
    whenReady({
      cached: { base: true, environment: false, content: false, ...cached },
      ...(usual !== undefined && { usual }),
      plan: { steps: places.map((place) => ({ place: place as 'content' })) },
    });

  it('is seconds only where nothing but files is new', () => {
    expect(say({ environment: true }, undefined, 'wheels')).toMatch(/only the files are new, which takes seconds\.$/);
    expect(say({ environment: true }, undefined, 'wheels', 'content')).not.toMatch(/seconds|only the files/);
    expect(say({ environment: true, content: true }, 95_000, 'content')).toBe('Built already: it opens in seconds.');
  });

  it('is what earlier builds took, where that is known', () => {
    expect(say({ environment: true }, 240_000, 'content')).toMatch(/its own steps have to run once, usually 4 min/);
    expect(say({ environment: true }, 3000)).toMatch(/only the files are new, usually 3 s/);
    expect(say({}, 240_000, 'content')).toMatch(/^Has to be built once, usually 4 min/);
    expect(say({})).toBe('Has to be built once; that takes minutes.');
  });
});
