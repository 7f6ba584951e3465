/** Loads the command with what V8 compiled of it when it was bundled: to compile it anew takes longer than most commands. */
import { readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** The bundle's text: ASCII, as its maker leaves it, so that its bytes are its letters. */
export const textOf = (file) => readFileSync(file, 'latin1');

/**
 * Where the compiled form of a bundle is. V8 refuses what another version or other options made, but of the text it
 * compares only the length: that it is this very one, the hash in the first line says.
 */
export function cacheOf(file, text) {
  const [, hash] = /^\/\/ ([0-9a-f]{16})/.exec(text) ?? [];
  return `${file}-${hash}-${process.version}-${process.arch}.cache`;
}

/** A bundle as a script, wrapped as Node does with a module, on the same line: those of a stack are the file's. */
export function scriptOf(file, text, cachedData) {
  const wrapped = `(function (exports, require, module, __filename, __dirname) { ${text}\n})`;
  return new Script(wrapped, { filename: file, cachedData });
}

/** Runs such a script; what it exports. */
export function evaluate(script, file) {
  const made = { exports: {} };
  script.runInThisContext()(made.exports, createRequire(file), made, file, dirname(file));
  return made.exports;
}

function readCache(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** What a bundle exports. */
export function load(file) {
  const text = textOf(file);
  const cached = readCache(cacheOf(file, text));
  if (cached) return evaluate(scriptOf(file, text, cached), file);
  // Bundled by another Node, or elsewhere: from 22.8 on Node keeps by itself what it compiled.
  module.enableCompileCache?.(join(dirname(file), 'cache'));
  return createRequire(file)(file);
}
