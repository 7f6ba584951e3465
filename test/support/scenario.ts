/** One repository from its link to the output of its notebook: what most integration tests have in common. */
import { expect } from 'vitest';
import { runNotebook } from './kernel.ts';
import type { CommitSpec } from './repo.ts';
import type { Launched, PrintedPlan, World } from './world.ts';

export interface Scenario {
  title: string;
  commits: CommitSpec[];
  settings?: Record<string, string>;
  /** More arguments of plan and launch. */
  args?: string[];
  /** Notebook that is run, default `index.ipynb`, and what each of its code cells has to say. */
  notebook?: string;
  outputs: (string | RegExp)[];
  plan?(plan: PrintedPlan): void;
  launched?(launched: Launched): void | Promise<void>;
}

/** Plans and launches the scenario's repository, runs its notebook, and ends the session. */
export async function play(world: World, scenario: Scenario): Promise<void> {
  const name = scenario.title.replace(/[^a-z0-9]+/gi, '-').toLowerCase();
  const { url } = await world.repo(name, scenario.commits);
  const args = [url, ...(scenario.args ?? [])];
  scenario.plan?.(await world.plan(args, scenario.settings));
  const launched = await world.launch(args, scenario.settings);
  expectOutputs(await runNotebook(launched.session, scenario.notebook ?? 'index.ipynb'), scenario.outputs);
  await scenario.launched?.(launched);
  await world.run(['stop', launched.session.session]);
}

/** Compares the trimmed output of each cell with a text or a pattern. */
export function expectOutputs(actual: string[], wanted: (string | RegExp)[]): void {
  expect(actual.map((text) => text.trim())).toEqual(
    wanted.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
  );
}

/** Text that no earlier run has used: makes an environment of its own. */
export const NONCE = `${Date.now()}`;

/** A requirement that always holds and makes the file's environment unlike any built before. */
export function once(requirement: string): string {
  return `${requirement}; python_version != "9.${NONCE}"`;
}
