/** Package indexes that pyproject.toml names, and pages that only list files, which pip calls find-links. */
import { shown } from '../../src/paths.ts';
import { indexOption } from './lines.ts';
import { toolTable } from './pyproject.ts';
import { type Requirements, takeSource } from './requirements.ts';
import { type Table, tablesAt, textAt, textsAt } from './toml.ts';

export interface OwnIndexes {
  indexes: readonly string[];
  findLinks: readonly string[];
}

function fromTables(file: string, key: string, list: unknown, isPage: (table: Table) => boolean): OwnIndexes {
  const found = { indexes: [] as string[], findLinks: [] as string[] };
  for (const table of tablesAt(file, key, list)) {
    const url = textAt(file, `${key}.url`, table.url);
    if (url !== undefined) (isPage(table) ? found.findLinks : found.indexes).push(url);
  }
  return found;
}

/** `[tool.uv]` also has pip's names for them. */
function uvSettings(file: string, uv: Table): OwnIndexes {
  const first = textAt(file, 'tool.uv.index-url', uv['index-url']);
  return {
    indexes: [
      ...(first === undefined ? [] : [first]),
      ...textsAt(file, 'tool.uv.extra-index-url', uv['extra-index-url']),
    ],
    findLinks: textsAt(file, 'tool.uv.find-links', uv['find-links']),
  };
}

/** Those of one tool. @throws SlipwayError `bad_environment_file` */
export function indexesOf(file: string, pyproject: Table, tool: 'uv' | 'pdm' | 'poetry'): OwnIndexes {
  const table = toolTable(pyproject, tool);
  if (tool !== 'uv') return fromTables(file, `tool.${tool}.source`, table.source, ({ type }) => type === 'find_links');
  const named = fromTables(file, 'tool.uv.index', table.index, ({ format }) => format === 'flat');
  const settings = uvSettings(file, table);
  return {
    indexes: [...named.indexes, ...settings.indexes],
    findLinks: [...named.findLinks, ...settings.findLinks],
  };
}

/** Those that uv, PDM or Poetry are told of. */
export function ownIndexes(file: string, pyproject: Table): OwnIndexes {
  const all = (['uv', 'pdm', 'poetry'] as const).map((tool) => indexesOf(file, pyproject, tool));
  return {
    indexes: [...new Set(all.flatMap(({ indexes }) => indexes))],
    findLinks: [...new Set(all.flatMap(({ findLinks }) => findLinks))],
  };
}

/** @throws SlipwayError `bad_environment_file` for what is no public address */
export function takeIndexes(result: Requirements, file: string, { indexes, findLinks }: Readonly<OwnIndexes>): void {
  for (const url of indexes) takeSource(result, file, 'source', url);
  for (const url of findLinks) takePage(result, file, url);
}

function takePage({ indexOptions, notices }: Requirements, file: string, url: string): void {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(url) || /^file:/i.test(url)) {
    const message = `${file}: ${shown(url)} is a folder of packages, which is not looked into while versions are chosen.`;
    notices.push({ code: 'ignored-key', message, file });
    return;
  }
  const option = indexOption({ text: url, file, number: 1, key: 'source' }, '--find-links', url);
  indexOptions.push(...option.arguments);
  const message = `${file}: files are also taken from ${shown(option.value)}, which is not dated and shares no cache.`;
  notices.push({ code: 'own-index', message, file });
}
