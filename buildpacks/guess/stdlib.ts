/** What Python brings itself, by version. */

const ALWAYS = `
__future__ __main__ _thread abc argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 cProfile
calendar cmath cmd code codecs codeop collections colorsys compileall concurrent configparser contextlib contextvars
copy copyreg csv ctypes curses dataclasses datetime dbm decimal difflib dis doctest email encodings ensurepip enum
errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext
glob grp gzip hashlib heapq hmac html http idlelib imaplib importlib inspect io ipaddress itertools json keyword
linecache locale logging lzma mailbox marshal math mimetypes mmap modulefinder msvcrt multiprocessing netrc nt ntpath
nturl2path numbers opcode operator optparse os pathlib pdb pickle pickletools pkgutil platform plistlib poplib posix
posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline
reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtplib socket
socketserver sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess
symtable sys sysconfig syslog tabnanny tarfile tempfile termios test textwrap this antigravity threading time timeit
tkinter token tokenize trace traceback tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib
uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xml xmlrpc zipapp zipfile zipimport zlib
`;

/** Minor versions of Python 3 that were the last to have a module. `distutils` lives on in setuptools. */
const UNTIL: Record<number, string> = {
  8: 'dummy_threading _dummy_thread',
  9: 'formatter parser symbol',
  10: 'binhex',
  11: 'asynchat asyncore imp smtpd',
  12: `aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau
    telnetlib uu xdrlib`,
};

/** Those that came later than 3.8. */
const SINCE: Record<number, string> = { 9: 'zoneinfo graphlib', 11: 'tomllib', 14: 'compression annotationlib' };

/** Names of Python 2. */
const PYTHON_2 = `
anydbm BaseHTTPServer __builtin__ CGIHTTPServer commands ConfigParser Cookie cookielib copy_reg cPickle cStringIO
dbhash Dialog DocXMLRPCServer dumbdbm exceptions FileDialog gdbm HTMLParser htmlentitydefs htmllib httplib md5 mimetools
MimeWriter mimify new Queue repr rfc822 robotparser ScrolledText sets sgmllib sha SimpleDialog SimpleHTTPServer
SimpleXMLRPCServer SocketServer statvfs StringIO thread tkColorChooser Tkinter tkFileDialog tkFont tkMessageBox
tkSimpleDialog Tix ttk urllib2 urlparse UserDict UserList UserString user whichdb xmlrpclib
`;

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function byModule(table: Record<number, string>): Map<string, number> {
  return new Map(Object.entries(table).flatMap(([minor, names]) => words(names).map((name) => [name, Number(minor)])));
}

const always = new Set([...words(ALWAYS), 'distutils']);
const until = byModule(UNTIL);
const since = byModule(SINCE);
const python2 = new Set(words(PYTHON_2));

/**
 * Whether a module is Python's own.
 * @param python `3.11` or `3.11.4`
 * @returns `yes`, `no`, or why this Python does not have it, to stand after "which"
 */
export function standardModule(name: string, python: string): string {
  const has2 = python.startsWith('2.') && (until.has(name) || python2.has(name));
  if (always.has(name) || has2) return 'yes';
  const minor = Number(python.split('.')[1]);
  const last = until.get(name);
  if (last !== undefined) return minor <= last ? 'yes' : `Python has no more since 3.${last + 1}`;
  const first = since.get(name);
  if (first !== undefined) return minor >= first ? 'yes' : `Python has only since 3.${first}`;
  return python2.has(name) ? 'only Python 2 has' : 'no';
}
