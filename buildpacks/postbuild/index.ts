/** postBuild: a script that runs in the repository once everything is installed. */
import type { Buildpack, Checkout, ConfigFolder, Contribution, Match } from '../../src/types.ts';
import { scriptFile } from '../files.ts';

async function detect(checkout: Checkout, folder: ConfigFolder): Promise<Match<string> | undefined> {
  const file = await scriptFile(checkout, folder, 'postBuild');
  if (file === undefined) return undefined;
  await checkout.read(file);
  const evidence = [{ file, reason: 'is run in the repository after everything is installed' }];
  return { name: 'postbuild', evidence, notices: [], files: [file], data: file };
}

async function plan(_checkout: Checkout, match: Match<string>): Promise<Contribution> {
  return {
    steps: [
      { title: 'Installing compilers for postBuild', place: 'system', template: 'postbuild/compilers', values: {} },
      { title: `Running ${match.data}`, place: 'content', template: 'postbuild/run', values: { file: match.data } },
    ],
    notices: [],
    executables: [match.data],
  };
}

export const postbuild: Buildpack<string> = { name: 'postbuild', reads: ['postBuild'], detect, plan };
