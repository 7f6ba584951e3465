/** Branches and tags of git requirements become commits when planning, so that a key says what is installed. */
import { SlipwayError } from '../../src/errors.ts';
import { inTurn } from '../../src/in-turn.ts';
import type { PlanContext } from '../../src/types.ts';
import type { GitRequirement, Requirements } from './requirements.ts';

/** More repositories than that are nobody's environment, and each is a request to somebody's host. */
const MOST = 50;
const AT_ONCE = 8;

function wanted({ url, ref }: GitRequirement): string {
  return JSON.stringify([url, ref ?? '']);
}

async function commitOf(one: GitRequirement, context: PlanContext): Promise<string> {
  try {
    return await context.commitOf(one.url, one.ref);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw new SlipwayError(error.code, `${one.where}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

/** `pkg @ git+https://host/repo@ref#…` with the commit in the ref's place. */
function pinned(line: string, { url, ref }: GitRequirement, commit: string): string {
  const before = `git+${url}${ref === undefined ? '' : `@${ref}`}`;
  const at = line.toLowerCase().indexOf(before.toLowerCase());
  return `${line.slice(0, at)}git+${url}@${commit}${line.slice(at + before.length)}`;
}

/**
 * The requirements with a commit in every git URL; each repository and ref is looked up once.
 * @throws SlipwayError of resolve, naming file and line: what does not answer is to be tried again, what is private or
 *   unknown is not
 */
export async function withCommits(requirements: Requirements, context: PlanContext): Promise<Requirements> {
  const { git } = requirements;
  if (git.length === 0) return requirements;
  const different = [...new Map(git.map((one) => [wanted(one), one])).values()];
  const [extra] = different.slice(MOST);
  if (extra !== undefined) {
    throw new SlipwayError(
      'bad_environment_file',
      `${extra.where}: it is the ${MOST + 1}st git repository of the environment.`,
      {
        hint: `At most ${MOST} are looked up; name commits by their full hash.`,
      },
    );
  }
  const commits = await inTurn(different, AT_ONCE, async (one) => [wanted(one), await commitOf(one, context)] as const);
  const known = new Map(commits);
  const lines = new Map(git.map((one) => [one.line, pinned(one.line, one, known.get(wanted(one)) ?? '')]));
  const replace = (line: string) => lines.get(line) ?? line;
  return {
    ...requirements,
    requirements: requirements.requirements.map(replace),
    constraints: requirements.constraints.map(replace),
  };
}
