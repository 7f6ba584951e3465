/** Finds the title of the step that a vertex of BuildKit belongs to. */

export interface StepTitle {
  title: string;
  /** From 1, in the order of the Dockerfile. */
  number: number;
  total: number;
}

interface Instruction {
  /** `<stage> <n>/<m>`, as BuildKit names it. */
  place: string;
  text: string;
  step: StepTitle | undefined;
}

const MARK = /^#\s*step:\s*(.+?)\s*$/i;

/** Lines of a Dockerfile with continuations joined, and its `# step:` comments in their places. */
function logicalLines(dockerfile: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const line of dockerfile.split(/\r?\n/)) {
    const isComment = /^\s*#/.test(line);
    if (isComment) {
      if (open === '' && MARK.test(line)) lines.push(line);
    } else if (/\\\s*$/.test(line)) {
      open += `${line.replace(/\\\s*$/, '')} `;
    } else if ((open + line).trim() !== '') {
      lines.push(open + line);
      open = '';
    }
  }
  return lines;
}

const COUNTED = /^\s*(RUN|COPY|ADD|WORKDIR)\s/i;

interface Stage {
  name: string;
  /** A stage that starts from another stage or from nothing has no vertex for its FROM. */
  countsFrom: boolean;
  instructions: { text: string; title: string | undefined }[];
}

function stagesOf(dockerfile: string): Stage[] {
  const stages: Stage[] = [];
  let title: string | undefined;
  for (const line of logicalLines(dockerfile)) {
    const from = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line);
    const mark = MARK.exec(line);
    if (mark) title = mark[1];
    else if (from) {
      const base = (from[1] ?? '').toLowerCase();
      const countsFrom = base !== 'scratch' && !stages.some((stage) => stage.name === base);
      stages.push({ name: (from[2] ?? `stage-${stages.length}`).toLowerCase(), countsFrom, instructions: [] });
      title = undefined;
    } else if (COUNTED.test(line)) stages.at(-1)?.instructions.push({ text: line.trim(), title });
  }
  return stages;
}

function numberTitles(stages: Stage[]): Map<string, StepTitle> {
  const titles = stages.flatMap((stage) => stage.instructions.flatMap(({ title }) => title ?? []));
  const distinct = [...new Set(titles)];
  return new Map(distinct.map((title, index) => [title, { title, number: index + 1, total: distinct.length }]));
}

function instructionsOf(stages: Stage[]): Instruction[] {
  const titles = numberTitles(stages);
  return stages.flatMap((stage) => {
    const first = stage.countsFrom ? 2 : 1;
    const total = stage.instructions.length + first - 1;
    return stage.instructions.map(({ text, title }, index) => {
      return {
        place: `${stage.name} ${index + first}/${total}`,
        text,
        step: title === undefined ? undefined : titles.get(title),
      };
    });
  });
}

export interface StepFinder {
  /** The step of a vertex, by the place in its name; undefined for what no `# step:` stands above. */
  find(vertexName: string): StepTitle | undefined;
  /** What to call a vertex in an error: its step's title, else the instruction without its mounts. */
  label(vertexName: string): string;
}

/**
 * A comment `# step: <title>` names all instructions that follow it, up to the next one or the stage's end. BuildKit
 * names a vertex by stage and place (`[stage 2/5] RUN …`), which holds whatever ARG and ENV make of its text.
 */
export function stepFinder(dockerfile: string): StepFinder {
  const stages = stagesOf(dockerfile);
  const only = stages.length === 1 ? stages[0]?.name : '';
  const byPlace = new Map(instructionsOf(stages).map((found) => [found.place, found.step]));
  const find = (name: string) => {
    const place = /^\[([^\]]+)\]/.exec(name)?.[1]?.replace(/\s+/g, ' ') ?? '';
    // BuildKit leaves out the name of an only stage, unless a mount brings in another.
    return byPlace.get(place.includes(' ') ? place : `${only} ${place}`);
  };
  return { find, label: (name) => find(name)?.title ?? withoutMounts(name) };
}

function withoutMounts(name: string): string {
  const text = name
    .replace(/^\[[^\]]*\]\s*/, '')
    .replace(/--mount=\S+\s*/g, '')
    .replace(/\. \/run\/slipway\/env && /, '')
    .replace(/\s+/g, ' ');
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
