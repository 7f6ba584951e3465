/** Loads the command with what V8 compiled of it when it was bundled: to compile it anew takes longer than most commands. */
const { readFileSync } = require('node:fs');
const nodeModule = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

/** The bundle's text: ASCII, as its maker leaves it, so that its bytes are its letters. */
const textOf = (file) => readFileSync(file, 'latin1');

/**
 * Where the compiled form of a bundle is. V8 refuses what another version or other options made, but of the text it
 * compares only the length: that it is this very one, the hash in the first line says.
 */
function cacheOf(file, text) {
  const [, hash] = /^\/\/ ([0-9a-f]{16})/.exec(text) ?? [];
  return `${file}-${hash}-${process.version}-${process.arch}.cache`;
}

/** A bundle as a script, wrapped as Node does with a module, on the same line: those of a stack are the file's. */
function scriptOf(file, text, cachedData) {
  const wrapped = `(function (exports, require, module, __filename, __dirname) { ${text}\n})`;
  return new Script(wrapped, { filename: file, cachedData });
}

/** Runs such a script; what it exports. */
function evaluate(script, file) {
  const made = { exports: {} };
  script.runInThisContext()(made.exports, nodeModule.createRequire(file), made, file, dirname(file));
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
function load(file) {
  const text = textOf(file);
  const cached = readCache(cacheOf(file, text));
  if (cached) return evaluate(scriptOf(file, text, cached), file);
  // Bundled by another Node, or elsewhere: from 22.8 on Node keeps by itself what it compiled.
  nodeModule.enableCompileCache?.(join(dirname(file), 'cache'));
  return nodeModule.createRequire(file)(file);
}

module.exports = { cacheOf, evaluate, load, scriptOf, textOf };
