import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { detect } from '../../../src/detect/detect.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { renderTakeHome } from '../../../src/render/dockerfile.ts';
import { renderTemplate } from '../../../src/render/templates.ts';
import { PACKAGE_ROOT } from '../../../src/root.ts';
import { memoryCheckout } from '../../support/checkout.ts';

/** A short lock in place of the real ones, which change with every update of the server. */
const COMMIT = 'fedcba9876543210fedcba9876543210fedcba98';
const LOCK = ['jupyterlab==4.2.0 --hash=sha256:00', 'uv==0.5.0 --hash=sha256:11'];
/** One of a buildpack's own, which is a file beside the template; how such are written is seen in conda's client. */
const SCRIPT = /^RUN printf '%s\\n' \\\n(?: {4}'.*' \\\n){12,} {4}> (\S+).*/gm;
const config = loadConfig({ SLIPWAY_PLATFORM: 'linux/amd64' });

function readRepo(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

async function planned(folder: string) {
  const checkout = memoryCheckout(readRepo(join(folder, 'repo')), { commitDate: '2024-03-15T12:00:00Z' });
  const { folder: place, matches, notices } = await detect(checkout, config);
  const rank = async (_pins: unknown, _candidates: unknown, preferred: string) => ({ python: preferred, notices: [] });
  const plan = await makePlan(
    { checkout, folder: place, matches, notices },
    { config, rank, reachesChannel: async () => true, commitOf: async () => COMMIT, serverLock: () => LOCK },
  );
  const suite = plan.era.debian;
  const base = renderTemplate('templates/base.hbs', { suite, python: plan.python, lock: LOCK }, 'take-home', suite);
  const step = plan.steps.find(({ template }) => template === 'conda/client');
  const client = step && renderTemplate('buildpacks/conda/client.hbs', step.values, 'take-home', suite);
  // Hundreds of lines that are the same in each; they have snapshots of their own.
  const short = renderTakeHome(plan, LOCK).replace(base, () => '# … the base tier: templates/base.hbs …');
  const known = client ? short.replace(client, () => '# … buildpacks/conda/client.hbs …') : short;
  return { plan, base, client, dockerfile: known.replace(SCRIPT, (_text, path) => `# … the script ${path} …`) };
}

const root = join(PACKAGE_ROOT, 'buildpacks');
const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const cases = folders.flatMap(({ name }) =>
  readdirSync(join(root, name, 'fixtures')).map((one) => join(root, name, 'fixtures', one)),
);

describe.each(cases.map((folder) => [relative(root, folder).replace('/fixtures', ''), folder]))(
  '%s',
  (_name, folder) => {
    test('plan and Dockerfile are as before', async () => {
      const { plan, dockerfile } = await planned(folder);
      await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot(join(folder, 'plan.json'));
      await expect(dockerfile).toMatchFileSnapshot(join(folder, 'Dockerfile'));
    });

    test('the base tier is as before', async () => {
      const { base, plan } = await planned(folder);
      const file = `base-${plan.era.debian}-${plan.python.source}.Dockerfile`;
      await expect(`${base}\n`).toMatchFileSnapshot(join(PACKAGE_ROOT, 'test/unit/render', file));
    });

    test('the conda client, where there is one, is as before', async () => {
      const { client, dockerfile } = await planned(folder);
      expect(dockerfile.includes('conda/client.hbs')).toBe(client !== undefined);
      if (client)
        await expect(`${client}\n`).toMatchFileSnapshot(join(PACKAGE_ROOT, 'test/unit/render/conda-client.Dockerfile'));
    });

    test('a second time gives the same bytes', async () => {
      expect(await planned(folder)).toEqual(await planned(folder));
    });

    test('has a check that can be run in the image', () => {
      const verify = join(folder, 'verify');
      expect(existsSync(verify) && (statSync(verify).mode & 0o111) !== 0).toBe(true);
    });
  },
);
