/** Names of packages that Ubuntu or an older Debian had, and what Debian calls them now. */
import { SUITES, type Suite } from '../../src/types.ts';

/** Old name → new name, and the suite from which on the old one is gone (all suites when absent). */
const RENAMES: Record<string, { to: string; from?: Suite }> = {
  'libgl1-mesa-glx': { to: 'libgl1', from: 'trixie' },
  'libegl1-mesa': { to: 'libegl1' },
  'libgles2-mesa': { to: 'libgles2' },
  'python-dev': { to: 'python3-dev' },
  'python-pip': { to: 'python3-pip' },
  'python-setuptools': { to: 'python3-setuptools' },
  'python-tk': { to: 'python3-tk' },
  'libav-tools': { to: 'ffmpeg' },
  'texlive-generic-recommended': { to: 'texlive-plain-generic' },
  'texlive-generic-extra': { to: 'texlive-plain-generic' },
  'libmysqlclient-dev': { to: 'default-libmysqlclient-dev' },
  'mysql-client': { to: 'default-mysql-client' },
  'openjdk-8-jdk': { to: 'default-jdk' },
  'openjdk-8-jre': { to: 'default-jre' },
  'openjdk-8-jdk-headless': { to: 'default-jdk-headless' },
  'openjdk-8-jre-headless': { to: 'default-jre-headless' },
  'openjdk-11-jdk': { to: 'default-jdk', from: 'bookworm' },
  'openjdk-11-jre': { to: 'default-jre', from: 'bookworm' },
  'chromium-browser': { to: 'chromium' },
  'chromium-chromedriver': { to: 'chromium-driver' },
  libasound2: { to: 'libasound2t64', from: 'trixie' },
  'libncurses5-dev': { to: 'libncurses-dev', from: 'trixie' },
  libtinfo5: { to: 'libtinfo6', from: 'trixie' },
  netcat: { to: 'netcat-openbsd', from: 'bookworm' },
  'libjasper-dev': { to: 'libopenjp2-7-dev' },
  'libpng12-dev': { to: 'libpng-dev' },
  'libpng12-0': { to: 'libpng16-16' },
  'ttf-dejavu': { to: 'fonts-dejavu' },
  'ttf-mscorefonts-installer': { to: 'fonts-liberation' },
  'fonts-humor-sans': { to: 'fonts-comic-neue', from: 'bookworm' },
};

/** What a suite calls a package that apt.txt names; the same name where nothing is known. */
export function renamed(name: string, suite: Suite): string {
  const [bare = name] = name.split(/[:=]/);
  const rule = Object.hasOwn(RENAMES, bare) ? RENAMES[bare] : undefined;
  if (rule === undefined || SUITES.indexOf(suite) < SUITES.indexOf(rule.from ?? 'bullseye')) return name;
  return rule.to;
}
