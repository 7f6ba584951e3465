/** Which Python a repository asks for: runtime.txt and .python-version. */
import { SlipwayError } from '../../src/errors.ts';
import { joinPath, shown } from '../../src/paths.ts';
import { isTooNew } from '../../src/pythons.ts';
import type { Checkout, ConfigFolder, Match, Notice, PythonWish } from '../../src/types.ts';

export interface Asked {
  version?: NonNullable<PythonWish['version']>;
  asOf?: NonNullable<Match['asOf']>;
  /** Files read. */
  files: string[];
  evidence: { file: string; reason: string }[];
  notices: Notice[];
}

const RUNTIME = /^(?:python-(\d\.\d{1,2}(?:\.\d{1,2})?|\d)|r(?:-\d\.\d(?:\.\d)?)?)(?:-(\d{4}-\d{2}-\d{2}))?$/;
const PYENV = /^(?:cpython-?)?((?:2\.7|3\.\d{1,2})(?:\.\d{1,2})?)(?:\/envs\/[\w.-]+)?$/;

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

async function readRuntime(checkout: Checkout, file: string, asked: Asked): Promise<void> {
  const text = (await checkout.read(file)).trim();
  const match = RUNTIME.exec(text);
  const [, python, day] = match ?? [];
  if (match === null || (day !== undefined && !isDay(day))) {
    throw new SlipwayError('bad_environment_file', `${file}, line 1: "${shown(text)}" names no runtime.`, {
      hint: 'Write python-3.11, python-3.11.4, or with a day python-3.11-2024-03-01.',
    });
  }
  asked.files.push(file);
  if (day !== undefined) asked.asOf = { date: day, file };
  if (python === undefined) {
    asked.notices.push({ code: 'unread-file', message: `${file} asks for R, which no buildpack provides yet.`, file });
    if (day !== undefined) asked.evidence.push({ file, reason: `sets the day to ${day}` });
    return;
  }
  const version = python === '2' ? '2.7' : python;
  if (version.includes('.')) asked.version = { value: version, file };
  asked.evidence.push({ file, reason: `asks for Python ${python}${day === undefined ? '' : ` as of ${day}`}` });
}

/** pyenv's file is one that Binder does not read: what it can't mean here is a notice, never an error. */
async function readPythonVersion(checkout: Checkout, file: string, asked: Asked): Promise<void> {
  const lines = (await checkout.read(file)).split(/\r?\n/).map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !line.startsWith('#')) ?? '';
  const version = PYENV.exec(first)?.[1];
  if (version === undefined) {
    const message = `${file} says "${shown(first, 40)}", which is no version of CPython that there is, and is ignored.`;
    asked.notices.push({ code: 'ignored-file', message, file });
  } else if (asked.version !== undefined) {
    const message = `${file} is ignored because ${asked.version.file} asks for a Python.`;
    asked.notices.push({ code: 'ignored-file', message, file });
  } else if (isTooNew(version)) {
    const message = `${file} asks for Python ${version}, which is newer than any that Slipway knows, and is ignored.`;
    asked.notices.push({ code: 'ignored-file', message, file });
  } else {
    asked.files.push(file);
    asked.version = { value: version, file };
    asked.evidence.push({ file, reason: `asks for Python ${version}` });
  }
}

/** Reads runtime.txt, then .python-version, from the config folder; the first that names a version wins. */
export async function readVersions(checkout: Checkout, folder: ConfigFolder): Promise<Asked> {
  const asked: Asked = { files: [], evidence: [], notices: [] };
  const runtime = joinPath(folder.path, 'runtime.txt');
  if ((await checkout.kind(runtime)) !== undefined) await readRuntime(checkout, runtime, asked);
  const pyenv = joinPath(folder.path, '.python-version');
  if ((await checkout.kind(pyenv)) === 'file') await readPythonVersion(checkout, pyenv, asked);
  return asked;
}
