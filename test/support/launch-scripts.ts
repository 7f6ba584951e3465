/** Launches in every state that a page can show, as the service tells them. */
import type { Script } from './scripted-service.ts';

const NOTEBOOK = JSON.stringify({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { language: 'python', name: 'python3' } },
  cells: [
    {
      cell_type: 'markdown',
      metadata: {},
      source: [
        '# Tides at Saint-Malo\n',
        '\n',
        'The **harmonic constituents** of a tide gauge, after [Doodson](https://example.org/doodson). The height is a sum of cosines:\n',
        '\n',
        '$$h(t) = \\sum_i A_i \\cos(\\omega_i t + \\phi_i)$$\n',
        '\n',
        '- `M2`, the principal lunar one\n',
        '- `S2`, the principal solar one\n',
      ],
    },
    {
      cell_type: 'code',
      execution_count: 1,
      metadata: {},
      source:
        'import numpy as np\n\n# Two constituents are enough to see springs and neaps.\nhours = np.arange(0, 24 * 30)\nheight = 3.7 * np.cos(hours / 12.42) + 1.4 * np.cos(hours / 12.0)\nprint(f"highest: {height.max():.2f} m")',
      outputs: [{ output_type: 'stream', name: 'stdout', text: 'highest: 5.10 m\n' }],
    },
    {
      cell_type: 'code',
      execution_count: 2,
      metadata: {},
      source: 'table.head(3)',
      outputs: [
        {
          output_type: 'execute_result',
          metadata: {},
          data: {
            'text/html':
              '<table border="1"><thead><tr><th></th><th>time</th><th>height</th></tr></thead><tbody><tr><th>0</th><td>00:00</td><td>5.10</td></tr><tr><th>1</th><td>01:00</td><td>4.42</td></tr><tr><th>2</th><td>02:00</td><td>2.61</td></tr></tbody></table>',
            'text/plain': '…',
          },
        },
      ],
    },
  ],
});

const HOSTILE = JSON.stringify({
  nbformat: 4,
  metadata: {},
  cells: [
    {
      cell_type: 'markdown',
      source: '# Hostile\n<script>document.title = "taken"</script> ![x](https://evil.example/x.png)',
    },
    {
      cell_type: 'code',
      source: '',
      outputs: [
        {
          output_type: 'display_data',
          data: {
            'text/html':
              '<script>document.title = "taken"</script><img src="https://evil.example/y.png" onerror="document.title = 1"><iframe src="https://evil.example/"></iframe><meta http-equiv="refresh" content="0; url=https://evil.example/"><style>@import "https://evil.example/z.css"</style>',
          },
        },
        {
          output_type: 'display_data',
          data: {
            'image/svg+xml':
              '<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "taken"</script><image href="https://evil.example/i.png"/></svg>',
          },
        },
      ],
    },
  ],
});

const PLAN = {
  resolved: {
    spec: {
      provider: 'gh',
      name: 'demo/building',
      cloneUrl: 'https://github.com/demo/building',
      canonicalUrl: 'https://github.com/demo/building',
    },
    ref: 'main',
    commit: '4f2d8c1b9a7e6d5c4b3a29181716151413121110',
  },
  plan: {
    commitDate: '2022-05-14T10:00:00Z',
    asOf: '2022-05-10',
    era: { debian: 'bullseye', python: '3.9', r: '4.0' },
    python: { version: '3.9' },
    buildpacks: [
      { name: 'python', evidence: [{ file: 'binder/requirements.txt', reason: 'lists 12 packages' }] },
      { name: 'apt', evidence: [{ file: 'binder/apt.txt', reason: 'lists 2 packages' }] },
    ],
    steps: [{ place: 'environment' }],
    notices: [
      { code: 'ignored-file', file: 'environment.yml', message: 'is at the root and does not count beside binder/.' },
    ],
  },
  cached: { base: true, environment: false, content: false },
  usual: 95_000,
};

const found = { data: { phase: 'fetching', message: 'Looking up\n' } };
const planned = { after: 60, data: { phase: 'fetching', message: 'Planning\n', stage: 'plan' } };
const step = (number: number, title: string) => ({
  after: 60,
  data: { phase: 'building', message: `${title}\n`, step: { number, total: 7, title } },
});
const log = (...lines: string[]) => ({
  after: 30,
  data: { phase: 'building', message: `${lines.join('\n')}\n` },
});
const installing = [
  step(2, 'Installing 2 Debian packages'),
  log(
    ...Array.from(
      { length: 40 },
      (_, at) => `Get:${at + 1} http://deb.debian.org/debian bullseye/main amd64 libgeos-${at} [1${at} kB]`,
    ),
    '\u001b[32mSetting up libgeos-dev (3.9.0-1) …\u001b[0m',
  ),
  step(5, 'Installing 12 Python packages as of 2022-05-10'),
  log(' + matplotlib==3.5.2', ' + numpy==1.22.3', ' + pandas==1.4.2', ' + xarray==2022.3.0'),
];
const built = {
  after: 60,
  data: {
    phase: 'built',
    message: 'Built\n',
    imageName: 'i',
    tiers: { base: 'cached', environment: 'built', content: 'built' },
  },
};
const launching = { after: 60, data: { phase: 'launching', message: 'Starting the session\n' } };
const ready = {
  after: 60,
  data: { phase: 'ready', message: 'The session is ready\n', url: 'http://127.0.0.1:1/user/x/', token: 'secret' },
};
const document = { path: 'notebooks/tides.ipynb', text: NOTEBOOK };
const drawn = { after: 700, data: { phase: 'fetching', message: '\n', stage: 'plan' } };

export const SCRIPTS: Record<string, Script> = {
  waiting: { says: [found] },
  queued: {
    says: [found, planned, { after: 60, event: 'queue', data: { place: 4, estimate: 200_000 } }],
    document,
    plan: PLAN,
  },
  building: {
    says: [found, planned, { event: 'queue', data: { estimate: 42_000 } }, ...installing],
    document,
    plan: PLAN,
  },
  hostile: { says: [found, planned], document: { path: 'hostile.ipynb', text: HOSTILE } },
  starting: { says: [found, planned, ...installing, drawn, built, launching], document },
  ready: { says: [found, planned, drawn, ...installing, built, launching, ready], document, plan: PLAN },
  over: {
    says: [found, planned, drawn, built, launching, ready],
    record: { state: 'ready', over: 'idle' },
    document,
    plan: PLAN,
  },
  publishing: {
    says: [
      found,
      planned,
      ...installing,
      { after: 60, data: { phase: 'pushing', message: 'Pushing\n', progress: {} } },
    ],
    document,
    plan: PLAN,
  },
  cached: { says: [{ data: { phase: 'built', message: 'Found\n', imageName: 'i' } }, launching, ready] },
  failed: {
    says: [
      found,
      planned,
      ...installing,
      log('\u001b[31mERROR: No matching distribution found for nonexistent-barnacle\u001b[0m'),
      {
        after: 700,
        data: {
          phase: 'failed',
          code: 'package_not_found',
          message:
            'requirements.txt line 3 asks for a package that does not exist: nonexistent-barnacle\n\n  × No solution found when resolving dependencies:\n  ╰─▶ Because nonexistent-barnacle was not found in the package registry and you require\n      nonexistent-barnacle, we can conclude that your requirements are unsatisfiable.\n',
          hint: 'Check the spelling of nonexistent-barnacle in requirements.txt, or remove the line.',
        },
      },
    ],
    document,
  },
  elsewhere: {
    says: [
      found,
      {
        after: 700,
        data: {
          phase: 'failed',
          code: 'host_unreachable',
          message: 'github.com did not answer within 30 s.\n',
          hint: 'Try again in a few minutes.',
        },
      },
    ],
  },
};
