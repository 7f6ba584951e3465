/** The hashes by which Poetry and Pipenv tell that a lock was made for its manifest. */
import { createHash } from 'node:crypto';
import { isTable, type Table } from './toml.ts';

/** As Python's json.dumps(…, sort_keys=True) writes it. */
function pythonJson(value: unknown, comma: string, colon: string): string {
  if (Array.isArray(value)) return `[${value.map((item) => pythonJson(item, comma, colon)).join(comma)}]`;
  if (isTable(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, item]) => pythonText(key) + colon + pythonJson(item, comma, colon)).join(comma)}}`;
  }
  return typeof value === 'string' ? pythonText(value) : JSON.stringify(value ?? null);
}

function pythonText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The `_meta.hash` of a Pipfile. */
export function pipfileHash(pipfile: Table): string {
  const known = [
    'source',
    'packages',
    'dev-packages',
    'requires',
    'scripts',
    'pipfile',
    'pipenv',
    'default',
    'develop',
  ];
  const categories = Object.entries(pipfile).filter(([name]) => !known.includes(name));
  const data = {
    _meta: { sources: pipfile.source ?? DEFAULT_SOURCES, requires: pipfile.requires ?? {} },
    default: pipfile.packages ?? {},
    develop: pipfile['dev-packages'] ?? {},
    ...Object.fromEntries(categories),
  };
  return sha256(pythonJson(data, ',', ':'));
}

const DEFAULT_SOURCES = [{ name: 'pypi', url: 'https://pypi.org/simple', verify_ssl: true }];
const LEGACY = ['dependencies', 'source', 'extras', 'dev-dependencies'];

function pick(table: Table, keys: readonly string[]): Table {
  return Object.fromEntries(keys.filter((key) => table[key] !== undefined).map((key) => [key, table[key]]));
}

/** Every `content-hash` that a Poetry of some version gives a pyproject.toml. */
export function poetryHashes(pyproject: Table): string[] {
  const tool = isTable(pyproject.tool) ? pyproject.tool : {};
  const poetry = isTable(tool.poetry) ? tool.poetry : {};
  const project = pick(isTable(pyproject.project) ? pyproject.project : {}, [
    'requires-python',
    'dependencies',
    'optional-dependencies',
  ]);
  const groups = isTable(pyproject['dependency-groups']) ? pyproject['dependency-groups'] : {};
  const hasProject = Object.keys(project).length > 0;
  const old = { ...Object.fromEntries(LEGACY.map((key) => [key, poetry[key] ?? null])), ...pick(poetry, ['group']) };
  const some = pick(poetry, [...LEGACY, 'group']);
  const contents = [
    old,
    Object.fromEntries(LEGACY.map((key) => [key, poetry[key] ?? null])),
    ...(hasProject ? [{ project, tool: { poetry: some } }] : []),
    ...(Object.keys(groups).length > 0
      ? [{ ...(hasProject ? { project } : {}), 'dependency-groups': groups, tool: { poetry: some } }]
      : []),
  ];
  return contents.map((content) => sha256(pythonJson(content, ', ', ': ')));
}
