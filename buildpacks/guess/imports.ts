/** What Python source imports, by a parser that goes on where the code is broken, or is Python 2's. Nothing is run. */
import { parser } from '@lezer/python';

export interface Imports {
  /** Dotted paths that are needed: `a.b.c` of `import a.b.c` and of `from a.b import c`. */
  modules: Set<string>;
  /** Folders that are put on `sys.path` by what is written there: `..`, `src`. */
  paths: Set<string>;
}

export interface Read {
  /** How much had to be parsed. */
  size: number;
  /** Steps of the parser on what is no Python: each takes ten times as long as others. */
  stumbles: number;
  /** False when it was left before its end, for so many of them. */
  isWhole: boolean;
}

type Tree = ReturnType<typeof parser.parse>;
type Node = Tree['topNode'];

/** A thousand mistakes are five thousand. */
const MOST_STUMBLES = 5000;

/** Statements of which only the bodies matter, and those bodies. */
const BLOCKS = new Set([
  'Script',
  'Body',
  'StatementGroup',
  'IfStatement',
  'TryStatement',
  'WithStatement',
  'ForStatement',
  'WhileStatement',
  'MatchStatement',
  'MatchBody',
  'MatchClause',
  'FunctionDefinition',
  'ClassDefinition',
  'DecoratedStatement',
  'ExpressionStatement',
]);
/** Handlers that say: it is no harm when this is not there. */
const FORGIVING = /\b(?:ImportError|ModuleNotFoundError|Exception|BaseException)\b/;
const NEVER_RUN = /^(?:(?:typing|t)\.)?TYPE_CHECKING$|^(?:False|0)$/;
const PATH_CALL = /^(?:sys\.)?path\.(?:append|insert)$/;

/**
 * Adds what a piece of source imports. Imports that the code can do without are none: `try … except ImportError`.
 */
export function readImports(code: string, found: Imports): Read {
  // A parser needs the line break at the end to close what is open.
  const text = `${upToLastImport(code)}\n`;
  if (text === '\n') return { size: 0, stumbles: 0, isWhole: true };
  const { tree, ...read } = parse(text);
  tree.iterate({
    enter(ref) {
      // Making a node costs more than passing one over.
      if (ref.name === 'ImportStatement') readStatement(ref.node, text, found.modules);
      else if (ref.name === 'CallExpression') readPath(ref.node, text, found.paths);
      else if (ref.name === 'TryStatement') return !isOptional(ref.node, text);
      else if (ref.name === 'Body') return !isNeverRun(ref.node, text);
      return BLOCKS.has(ref.name);
    },
  });
  return { size: text.length, ...read };
}

/** Counts what the parser does, never how long it takes: a plan is the same everywhere. */
function parse(text: string): Pick<Read, 'stumbles' | 'isWhole'> & { tree: Tree } {
  // Its types keep to themselves that it is recovering.
  const running: ReturnType<typeof parser.startParse> & { recovering?: number } = parser.startParse(text);
  let stumbles = 0;
  let tree = running.advance();
  for (; !tree; tree = running.advance()) {
    if (!running.recovering) continue;
    stumbles += 1;
    if (stumbles === MOST_STUMBLES) running.stopAt(running.parsedPos);
  }
  return { tree, stumbles, isWhole: running.stoppedAt === null };
}

/** Code as far as it can matter: through the block in which the last import stands, as most stand at the top. */
function upToLastImport(code: string): string {
  const last = [...code.matchAll(/\bimport\b|\bpath\s*\.\s*(?:append|insert)\b/g)].at(-1)?.index;
  if (last === undefined) return '';
  const after = /\n(?![\s#)]|except\b|finally\b|else\b|elif\b)/g;
  after.lastIndex = last;
  return code.slice(0, after.exec(code)?.index);
}

/** Children of a node, the words between them too. */
function* childrenOf(node: Node): Generator<Node> {
  for (let child = node.firstChild; child; child = child.nextSibling) yield child;
}

/** Whether one of the handlers of a `try` lets a missing module pass. */
function isOptional(node: Node, text: string): boolean {
  let start: number | undefined;
  for (const child of childrenOf(node)) {
    if (child.name === 'except') start = child.to;
    else if (child.name === 'Body' && start !== undefined) {
      const caught = text.slice(start, child.from).trim();
      if (caught === '' || FORGIVING.test(caught)) return true;
      start = undefined;
    }
  }
  return false;
}

/** Whether a body hangs on a condition that is false whenever the code runs. */
function isNeverRun(node: Node, text: string): boolean {
  const condition = node.prevSibling;
  const word = condition?.prevSibling;
  if (!condition || (word?.name !== 'if' && word?.name !== 'elif')) return false;
  return NEVER_RUN.test(text.slice(condition.from, condition.to));
}

/** `import a.b as c, d` and `from a.b import c, d`; a relative import is the repository's own. */
function readStatement(node: Node, text: string, modules: Set<string>): void {
  const words = [...childrenOf(node)].map(({ name, from, to }) => ({ name, text: text.slice(from, to) }));
  const isFrom = words[0]?.name === 'from';
  const at = words.findIndex(({ name }) => name === 'import');
  if (isFrom) {
    const path = words.slice(1, at < 0 ? undefined : at).map((word) => word.text);
    if (path[0] === '.' || path[0] === '...' || path.length === 0) return;
    const names = at < 0 ? [] : namesOf(words.slice(at + 1));
    for (const name of names.length > 0 ? names : ['']) add([path.join(''), name].filter(Boolean).join('.'), modules);
  } else for (const name of namesOf(words.slice(1))) add(name, modules);
}

/** The dotted names of a list such as `a.b as c, d`. */
function namesOf(words: readonly { name: string; text: string }[]): string[] {
  const names = [''];
  let isAlias = false;
  for (const word of words) {
    if (word.name === 'as') isAlias = true;
    else if (word.name === ',') {
      names.push('');
      isAlias = false;
    } else if (!isAlias && (word.name === 'VariableName' || word.name === '.')) names[names.length - 1] += word.text;
  }
  return names.filter((name) => name !== '');
}

function add(path: string, modules: Set<string>): void {
  if (path.length <= 200 && /^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(path)) modules.add(path);
}

/** `sys.path.append('src')`, `sys.path.insert(0, os.path.abspath('..'))`: the words in quotes are the folder. */
function readPath(node: Node, text: string, paths: Set<string>): void {
  const [callee, list] = childrenOf(node);
  if (!callee || !list || !PATH_CALL.test(text.slice(callee.from, callee.to)) || list.to - list.from > 500) return;
  const words: string[] = [];
  list.cursor().iterate(({ name, from, to }) => {
    if (name === 'String') words.push(text.slice(from, to).replace(/^[rRuUbB]{0,2}['"]{1,3}|['"]{1,3}$/g, ''));
  });
  if (words.length > 0) paths.add(words.join('/'));
}
