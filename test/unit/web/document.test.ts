/** What strangers put into notebooks comes out as something to read, and as nothing else. */
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { createSite, documentPolicy, loadAssets, renderDocument } from '../../../src/web/pages/index.ts';

const site = createSite(loadConfig({}), loadAssets(), 'https://slipway.example');

async function rendered(path: string, text: string): Promise<string> {
  const html = await renderDocument(site, { path, text });
  return html.slice(html.indexOf('<main>'), html.indexOf('</main>'));
}

function notebook(...cells: object[]): Promise<string> {
  return rendered('a.ipynb', JSON.stringify({ nbformat: 4, metadata: {}, cells }));
}

const code = (source: string, ...outputs: object[]) => ({ cell_type: 'code', execution_count: 1, source, outputs });
const shows = (data: object) => ({ output_type: 'display_data', data });

/** Nothing that a browser would run, load or send, in whatever spelling. */
function expectHarmless(html: string): void {
  const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
  for (const tag of tags) {
    expect(tag).not.toMatch(
      /^<(script|iframe|object|embed|form|input|button|style|link|meta|base|svg|math|video|audio)\b/i,
    );
    expect(tag).not.toMatch(/\son\w+\s*=/i);
    expect(tag).not.toMatch(/(?:href|src)\s*=\s*["']?\s*(?:javascript|vbscript|data:text|file|\/\/)/i);
    expect(tag).not.toMatch(/\sstyle\s*=/i);
    if (/^<img/i.test(tag)) expect(tag).toMatch(/src="data:image\//);
  }
}

describe('a notebook', () => {
  it('shows text, code and outputs', async () => {
    const html = await notebook(
      { cell_type: 'markdown', source: ['# Tides\n', 'of *Saint-Malo*, $A_1 < B_2$'] },
      code('# a comment\nx = "<b>" + f(12)', { output_type: 'stream', name: 'stdout', text: ['1 < 2\n', 'done\n'] }),
    );
    expect(html).toMatchInlineSnapshot(`
      "<main><section class="cell text"><h1>Tides</h1>
      <p>of <em>Saint-Malo</em>, <code class="math">A_1 &lt; B_2</code></p>
      </section>
      <section class="cell code"><span class="prompt">In [1]</span><div><pre class="source" tabindex="0"><code><span class="comment"># a comment</span>
      x &#x3D; <span class="string">&quot;&lt;b&gt;&quot;</span> + f(<span class="number">12</span>)</code></pre><div class="outputs"><pre class="stdout" tabindex="0">1 &lt; 2
      done</pre></div></div></section>"
    `);
  });

  it.each([
    ['a script', shows({ 'text/html': '<p>one</p><script>alert(1)</script><style>p{}</style>' })],
    [
      'a handler',
      shows({ 'text/html': '<p onclick="alert(1)" style="position:fixed">one</p><img src=x onerror=alert(1)>' }),
    ],
    [
      'a javascript: URL',
      shows({ 'text/html': '<a href="jav&#x09;ascript:alert(1)">one</a><a href=" javascript:alert(1)">b</a>' }),
    ],
    [
      'a frame, a form',
      shows({ 'text/html': '<p>one</p><iframe src="//evil"></iframe><form action="//evil"><input name=a></form>' }),
    ],
    ['a tracker', shows({ 'text/html': '<p>one</p><img src="https://evil/pixel.gif"><img src="//evil/x.png">' })],
    ['a broken table', shows({ 'text/html': '<table><tr><td>one<script>alert(1)//<td>' })],
    [
      'SVG in HTML',
      shows({
        'text/html': '<p>one</p><svg onload=alert(1)><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
      }),
    ],
    [
      'Markdown',
      shows({ 'text/markdown': 'one <img src=x onerror=alert(1)> [b](javascript:alert(1)) ![c](https://evil/x.png)' }),
    ],
    ['a name of a picture', shows({ 'image/png': '"><script>alert(1)</script>', 'text/plain': 'one' })],
  ])('does nothing with %s', async (_what, output) => {
    const html = await notebook(code('', output));
    expect(html).toContain('one');
    expect(html).not.toContain('alert(1)</script>');
    expectHarmless(html);
  });

  it('shows a picture as data, and an SVG as the source of one', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
    const html = await notebook(
      code('', shows({ 'image/png': 'iVBORw0KGgo=\n' })),
      code('', shows({ 'image/svg+xml': [svg], 'text/plain': '"><b>' })),
    );
    expect(html).toContain('<img src="data:image/png;base64,iVBORw0KGgo=" alt="Figure">');
    expect(html).toContain(`<img src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}"`);
    expectHarmless(html);
  });

  it('shows an attached picture, and no other by that way', async () => {
    const cell = (data: string) => ({
      cell_type: 'markdown',
      source: '![tide](attachment:tide.png)',
      attachments: { 'tide.png': { 'image/png': data } },
    });
    expect(await notebook(cell('AAAA'))).toContain('<img src="data:image/png;base64,AAAA" alt="tide">');
    expect(await notebook(cell('"onerror="alert(1)'))).toContain('<span class="absent">tide</span>');
  });

  it('takes out what a terminal would obey', async () => {
    const link = '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007';
    const text = `\u001b[31mred\u001b[0m ${link} \u001b]0;title\u0007 10%\r 20%\r 100%\nre\u202Eversed\u0000 \u009b31mraw`;
    const html = await notebook(code('', { output_type: 'stream', name: 'stdout', text }));
    expect(html).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    expect(html).not.toContain('evil.example');
    expect(html).toContain(' 100%\nreversed');
  });

  it('says what it does not show', async () => {
    const widget = shows({
      'application/vnd.jupyter.widget-view+json': { model_id: 'x' },
      'text/plain': 'IntSlider()',
    });
    expect(await notebook(code('', widget))).toContain('An interactive widget: it works in the session.');
    expect(await rendered('a.ipynb', '{"cells": [')).toContain('it is not JSON');
    expect(await rendered('a.ipynb', '[]')).toContain('no cells');
    expect(await notebook(...Array.from({ length: 500 }, () => code('1')))).toContain('The rest is in the session.');
  });

  it('reads what nbformat 3 wrote', async () => {
    const cells = [
      { cell_type: 'heading', level: 2, source: 'Old' },
      { cell_type: 'code', input: '1 + 1', prompt_number: 3, outputs: [{ output_type: 'pyout', text: '2' }] },
    ];
    const html = await rendered('a.ipynb', JSON.stringify({ nbformat: 3, worksheets: [{ cells }] }));
    expect(html).toContain('<h2>Old</h2>');
    expect(html).toContain('In [3]');
    expect(html).toContain('<pre class="result" tabindex="0">2</pre>');
  });

  it('takes its time from nobody', async () => {
    const nested = `${'<div>'.repeat(20_000)}x`;
    const stars = '*a '.repeat(30_000);
    const began = performance.now();
    await notebook(
      code('', shows({ 'text/html': nested })),
      ...Array.from({ length: 300 }, () => ({ cell_type: 'markdown', source: stars })),
      code('"'.repeat(40_000)),
    );
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('other files', () => {
  it('shows Markdown without its tags, its links to elsewhere and its pictures', async () => {
    const text =
      '<p align="center"><img src="logo.png"></p>\n\n# A\n\n<script>alert(1)</script> [in](docs/a.md) [out](https://example.org/) ![badge](https://img.example/x.svg) `<b>`';
    const html = await rendered('README.md', text);
    expect(html).toMatchInlineSnapshot(`
      "<main><div class="text"><p></p>
      <h1>A</h1>
      <p>alert(1) <a>in</a> <a href="https://example.org/" target="_blank" rel="noopener noreferrer nofollow">out</a> <span class="absent">badge</span> <code>&lt;b&gt;</code></p>
      </div>"
    `);
    expectHarmless(html);
  });

  it('shows anything else as it is', async () => {
    expect(await rendered('README.rst', '<b>\n====')).toContain('<pre>&lt;b&gt;\n');
  });

  it('has a policy under which nothing runs even when it is opened alone', () => {
    const policy = documentPolicy(site);
    expect(policy).toMatch(/^default-src 'none'; img-src data:; style-src 'sha256-[^']+';/);
    expect(policy).toContain('sandbox allow-popups');
    expect(policy).not.toMatch(/allow-scripts|allow-same-origin|unsafe/);
  });
});
