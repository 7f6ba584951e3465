/** start: a script that wraps the server's command; it ends in `exec "$@"`. */
import type { Buildpack, Checkout, ConfigFolder, Contribution, Match, Notice } from '../../src/types.ts';
import { scriptFile } from '../files.ts';

async function detect(checkout: Checkout, folder: ConfigFolder): Promise<Match<string> | undefined> {
  const file = await scriptFile(checkout, folder, 'start');
  if (file === undefined) return undefined;
  const text = await checkout.read(file);
  const notices: Notice[] = [];
  if (!/\bexec\b.*\$[@{]/.test(text)) {
    const message = `${file} never runs exec "$@", so the server may not start; end it with: exec "$@"`;
    notices.push({ code: 'start-without-exec', message, file });
  }
  const evidence = [{ file, reason: 'is run before the server of each session' }];
  return { name: 'start', evidence, notices, files: [], data: file };
}

async function plan(_checkout: Checkout, match: Match<string>): Promise<Contribution> {
  const env = { R2D_ENTRYPOINT: `/home/jovyan/${match.data}` };
  return { steps: [], notices: [], env, executables: [match.data] };
}

export const start: Buildpack<string> = { name: 'start', reads: ['start'], detect, plan };
