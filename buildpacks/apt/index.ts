/** apt.txt: Debian packages. */
import { SlipwayError } from '../../src/errors.ts';
import { joinPath, shown } from '../../src/paths.ts';
import type { Buildpack, Checkout, ConfigFolder, Contribution, Match, Notice, PlanContext } from '../../src/types.ts';
import { renamed } from './renames.ts';

interface AptData {
  file: string;
  packages: string[];
}

/** Debian policy 5.6.1 for the name; an architecture and an exact version may follow. */
const PACKAGE = /^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?(?:=[A-Za-z0-9.+:~-]+)?$/;

function parseLine(file: string, text: string, number: number): string[] {
  const words = text
    .replace(/#.*$/, '')
    .split(/[ \t\r]+/)
    .filter((word) => word !== '');
  for (const word of words) {
    if (PACKAGE.test(word)) continue;
    throw new SlipwayError(
      'bad_environment_file',
      `${file}, line ${number}: "${shown(word)}" is not the name of a Debian package.`,
      {
        hint: 'List packages as name, name:architecture or name=version, one or more a line; options and shell commands belong into postBuild.',
      },
    );
  }
  return words;
}

async function detect(checkout: Checkout, folder: ConfigFolder): Promise<Match<AptData> | undefined> {
  const file = joinPath(folder.path, 'apt.txt');
  if ((await checkout.kind(file)) === undefined) return undefined;
  const text = await checkout.read(file);
  const packages = [...new Set(text.split('\n').flatMap((line, index) => parseLine(file, line, index + 1)))].sort();
  const count = packages.length === 1 ? '1 Debian package' : `${packages.length} Debian packages`;
  return {
    name: 'apt',
    evidence: [{ file, reason: `lists ${count}` }],
    notices: [],
    files: [file],
    data: { file, packages },
  };
}

async function plan(_checkout: Checkout, match: Match<AptData>, context: PlanContext): Promise<Contribution> {
  const notices: Notice[] = [];
  const packages = match.data.packages.map((name) => {
    const now = renamed(name, context.era.debian);
    if (now !== name) {
      const message = `${name} is called ${now} in Debian ${context.era.debian}, so that is installed.`;
      notices.push({ code: 'package-renamed', message, file: match.data.file });
    }
    return now;
  });
  if (packages.length === 0) return { steps: [], notices };
  notices.push({
    code: 'apt-not-dated',
    message: `Debian packages are those of ${context.era.debian} today: apt has no older day to go back to.`,
    file: match.data.file,
  });
  const title = `Installing ${packages.length === 1 ? packages[0] : `${packages.length} Debian packages`}`;
  return { steps: [{ title, place: 'system', template: 'apt/install', values: { packages } }], notices };
}

export const apt: Buildpack<AptData> = { name: 'apt', reads: ['apt.txt'], detect, plan };
