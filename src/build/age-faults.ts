/** What a log says of packages that are too old for the Python of the image. */
import { beingBuilt } from './compile-faults.ts';
import type { Finding } from './diagnose.ts';

const PYTHON_2 = new RegExp(
  [
    "SyntaxError: Missing parentheses in call to '(?:print|exec)'",
    "No module named '(?:ConfigParser|StringIO|cPickle|cStringIO|Queue|commands|__builtin__|httplib|urllib2|urlparse|Tkinter)'",
    "NameError: name '(?:unicode|xrange|raw_input|execfile|basestring|reduce|unichr|file)' is not defined",
    "has no attribute '(?:iteritems|has_key|maketrans)'",
  ].join('|'),
);
/** What Python had once, and has taken out: distutils and imp in 3.12, and so on. */
const OLDER_PYTHON = new RegExp(
  [
    "No module named '(?:distutils|imp|asynchat|asyncore|lib2to3|formatter|parser)(?:\\.\\w+)*'",
    "module 'configparser' has no attribute 'SafeConfigParser'",
    "module 'pkgutil' has no attribute 'ImpImporter'",
    "module 'collections' has no attribute '\\w+'|cannot import name '\\w+' from 'collections'",
    "module 'inspect' has no attribute 'getargspec'|cannot import name 'getargspec'",
    'fatal error: (?:longintrepr|eval|node|graminit|ucnhash)\\.h: No such file',
    "module 'platform' has no attribute '(?:linux_distribution|dist)'",
  ].join('|'),
);

/** `build_failed` for a package that was written for another Python than there is. */
export function ageFault(lines: readonly string[]): Finding | undefined {
  const isPython2 = lines.some((line) => PYTHON_2.test(line));
  if (!isPython2 && !lines.some((line) => OLDER_PYTHON.test(line))) return undefined;
  const what = beingBuilt(lines) ?? 'what it builds';
  if (isPython2)
    return {
      code: 'build_failed',
      reason: `${what} is written for Python 2`,
      hint: 'Ask for a later version of it that runs on Python 3, or for what has taken its place.',
    };
  return {
    code: 'build_failed',
    reason: `${what} is written for an older Python`,
    hint: 'Ask for a later version of it, or for the Python of its day in runtime.txt, as python-3.8.',
  };
}
