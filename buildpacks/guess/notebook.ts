/** A notebook's Python, without what only IPython understands. */

export interface Code {
  /** Python, one piece for each cell; a half one must not hide what follows. */
  cells: string[];
  /** What it installs by itself. */
  installs: string[];
  /** Python files that it writes. */
  writes: string[];
}

/** A cell that is longer holds data. */
const MAX_CELL = 64 * 1024;
const MAX_CELLS = 5000;
/** Magics of a cell whose rest is Python all the same. */
const PYTHON_CELL = /^%%(?:time|timeit|capture|prun|px|memit|mprun|heat|notify)\b/;
/** Blanks beside names with blanks in them take time that grows with the square of a line. */
const LONGEST_MAGIC = 300;
const WRITTEN_FILE = /^%%(?:write)?file\s+(?:-a\s+|--append\s+)?(["']?)([\w./ -]+\.py)\1\s*$/;
/** Options of pip's and conda's that take the next word. */
const OPTION = /\s(?:-[crift]|--(?:channel|requirement|index-url|extra-index-url|find-links|target|prefix))\s+\S+/g;
const INSTALL = /^[!%]\s*(?:\{?\w*(?:\.executable)?\}?\s+-m\s+)?(?:pip3?|conda|mamba)\s+install\s+(.*)$/;
/** What these magics import. */
const MAGIC_IMPORTS: Record<string, string> = { matplotlib: 'matplotlib', pylab: 'pylab' };

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(source: unknown): string {
  if (typeof source === 'string') return source;
  return list(source)
    .filter((line) => typeof line === 'string')
    .join('');
}

/** What a notebook says that its code is; nothing counts as Python. */
function isPython(metadata: Record<string, unknown>): boolean {
  const kernel = record(metadata.kernelspec);
  // The last one is how IJulia and IRkernel said it in 2014.
  const said = [kernel.language, record(metadata.language_info).name, metadata.language];
  const language = said.find((one) => typeof one === 'string' && one !== '');
  if (typeof language === 'string') return /^i?python/i.test(language);
  return typeof kernel.name !== 'string' || /python|conda|^base$|venv/i.test(kernel.name);
}

/**
 * Reads a notebook of any format since 2012.
 * @returns undefined when its language is another
 * @throws SyntaxError when it is no notebook
 */
export function readNotebook(text: string): Code | undefined {
  const notebook = record(JSON.parse(text));
  const sheets = list(notebook.worksheets).flatMap((sheet) => list(record(sheet).cells));
  const cells = [...list(notebook.cells), ...sheets];
  if (!Array.isArray(notebook.cells) && !Array.isArray(notebook.worksheets)) throw new SyntaxError('no cells');
  if (!isPython(record(notebook.metadata))) return undefined;
  const code: Code = { cells: [], installs: [], writes: [] };
  for (const each of cells.slice(0, MAX_CELLS)) {
    const cell = record(each);
    if (cell.cell_type !== 'code' || (typeof cell.language === 'string' && cell.language !== 'python')) continue;
    const source = textOf(cell.source ?? cell.input);
    if (source.length <= MAX_CELL) readCell(source, code);
  }
  return code;
}

function readCell(source: string, code: Code): void {
  const lines = source.split(/\r\n?|\n/);
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first < 0) return;
  if ((lines[first] ?? '').startsWith('%%')) {
    const [, , written] = WRITTEN_FILE.exec((lines[first] ?? '').slice(0, LONGEST_MAGIC)) ?? [];
    if (written !== undefined) code.writes.push(written);
    if (!PYTHON_CELL.test(lines[first] ?? '')) return;
    lines.splice(0, first + 1);
  }
  code.cells.push(lines.map((line) => withoutMagic(line, code)).join('\n'));
}

/** A line as Python has it: a magic, a command of the shell or a question stands in nobody's way as `pass`. */
function withoutMagic(line: string, code: Code): string {
  const text = line.trim();
  const indent = line.slice(0, line.length - line.trimStart().length);
  if (/^(?:![^=]|%%?[a-zA-Z_]|\?)/.test(text)) {
    readMagic(text, code);
    const loaded = importOf(text);
    return loaded === undefined ? `${indent}pass` : `${indent}import ${loaded}`;
  }
  if (/^[\w.*]+\?{1,2}$/.test(text)) return `${indent}pass`;
  // `files = !ls`, `t = %timeit -o f()`.
  return /^[\w\s,.[\]'"]+=\s*(?:!|%[a-zA-Z])/.test(text) ? `${indent}pass` : line;
}

function readMagic(text: string, code: Code): void {
  const [, packages] = INSTALL.exec(text) ?? [];
  for (const word of ` ${packages ?? ''}`.replace(OPTION, '').split(/\s+/)) {
    const [, name] = /^['"]?([A-Za-z][\w.-]*)(?:[<>=!~[].*|['"])?$/.exec(word) ?? [];
    if (name !== undefined && !/\.(?:txt|whl|ya?ml)$/.test(name)) code.installs.push(name);
  }
}

function importOf(text: string): string | undefined {
  const [, name = '', rest = ''] = /^%(\w+)\s*(.*)$/.exec(text) ?? [];
  if (name === 'matplotlib' && /^(?:widget|ipympl)\b/.test(rest)) return 'matplotlib, ipympl';
  if (name === 'load_ext' && /^[A-Za-z_][\w.]*$/.test(rest)) return rest;
  return Object.hasOwn(MAGIC_IMPORTS, name) ? MAGIC_IMPORTS[name] : undefined;
}
