/** What git, builds and pulls have to reach, asked as they would ask. */
import { hostCaBundle } from '../../certificates.ts';
import { type Check, type Finding, fail, ok, warn } from './finding.ts';
import { attempt, faultOf, hostOf, isCertificateFault, type Probed, reasonOf } from './probe.ts';

const SIMPLE_JSON = 'application/vnd.pypi.simple.v1+json';
/** A clock that is further off fails certificates and gives wrong days. */
const CLOCK_LIMIT = 5 * 60_000;

export const checkDebian: Check = async (config, signal) => {
  const mirrors = config.SLIPWAY_MIRROR_DEBIAN;
  const faults = await Promise.all(
    mirrors.map(async (mirror) => faultOf(await attempt(`${mirror}/dists/stable/InRelease`, config, signal))),
  );
  const told = mirrors.map((mirror, index) => `${hostOf(mirror)}: ${faults[index] ?? 'answers'}`).join('; ');
  const mend = 'Set SLIPWAY_MIRROR_DEBIAN to mirrors that this machine reaches.';
  if (faults.every((fault) => fault !== undefined)) return fail('Debian mirror', told, mend);
  return faults.some((fault) => fault !== undefined) ? warn('Debian mirror', told, mend) : ok('Debian mirror', told);
};

function clock(date: string | undefined): Finding {
  const off = Math.abs(Date.now() - Date.parse(date ?? ''));
  if (Number.isNaN(off)) return warn('clock', 'The index tells no time to compare with.', 'Compare the clock by hand.');
  if (off < CLOCK_LIMIT) return ok('clock', 'agrees with the package index');
  return fail(
    'clock',
    `The clock is ${Math.round(off / 60_000)} minutes off.`,
    'Set it, e.g. by timedatectl set-ntp true.',
  );
}

function uploadTimes({ body }: Probed, host: string): Finding {
  if (/"upload-time"\s*:\s*"|data-upload-time="/.test(body))
    return ok('package index', `${host} answers and tells upload times`);
  return warn(
    'package index',
    `${host} tells no upload times: packages cannot be taken as of a day.`,
    'Set SLIPWAY_MIRROR_PYPI to an index with the JSON form of the simple API.',
  );
}

/** The index, the certificates that it is verified with, and the time that it tells. */
export const checkIndex: Check = async (config, signal) => {
  const index = config.SLIPWAY_MIRROR_PYPI;
  const host = hostOf(index);
  const result = await attempt(`${index}/iniconfig/`, config, signal, SIMPLE_JSON);
  const bundle = hostCaBundle(config) ?? "Node's own certificates";
  if ('error' in result && isCertificateFault(result.error)) {
    const mend = 'Set SLIPWAY_CA_BUNDLE to a PEM file that holds it, or add it to the host (update-ca-certificates).';
    return fail('certificates', `${host} is not trusted with ${bundle}: ${reasonOf(result.error)}.`, mend);
  }
  const fault = faultOf(result);
  if (fault || 'error' in result) {
    return fail('package index', `${host}: ${fault}`, 'Set SLIPWAY_MIRROR_PYPI to an index that this machine reaches.');
  }
  const isTls = index.startsWith('https:');
  const trusted = isTls ? [ok('certificates', `${host} is trusted with ${bundle}`)] : [];
  return [uploadTimes(result.answer, host), ...trusted, clock(result.answer.headers.date)];
};

export const checkPythons: Check = async (config, signal) => {
  const name = 'managed Pythons';
  const mirror = config.SLIPWAY_MIRROR_PYTHON || 'https://github.com';
  if (config.SLIPWAY_PYTHONS === 'debian') return ok(name, 'not needed, as SLIPWAY_PYTHONS is debian');
  if (!/^https?:/.test(mirror)) return ok(name, mirror);
  const result = await attempt(mirror, config, signal);
  // A mirror's folder need not answer for itself, so that its host does has to do; a listing has to.
  const fault = 'error' in result || mirror.endsWith('.json') ? faultOf(result) : undefined;
  if (fault === undefined) return ok(name, `${hostOf(mirror)} answers`);
  const mend = "Set SLIPWAY_MIRROR_PYTHON to a mirror of uv's Pythons, or SLIPWAY_PYTHONS=debian.";
  const message = `${hostOf(mirror)}: ${fault}; only the Pythons of Debian can be used.`;
  return warn(name, message, mend);
};

export const checkRegistry: Check = async (config, signal) => {
  const name = 'container registry';
  if (config.SLIPWAY_BASE_SOURCE === 'debootstrap')
    return ok(name, 'not needed, as SLIPWAY_BASE_SOURCE is debootstrap');
  const host = config.SLIPWAY_MIRROR_DOCKER.split('/')[0] || 'registry-1.docker.io';
  const secure = await attempt(`https://${host}/v2/`, config, signal);
  // An engine speaks plain http to what is on its own machine.
  const isOwn = /^(127\.|localhost(:|$)|\[::1\])/.test(host);
  const result = 'error' in secure && isOwn ? await attempt(`http://${host}/v2/`, config, signal) : secure;
  const isRegistry = !('error' in result) && [200, 401].includes(result.answer.status);
  if (isRegistry) return ok(name, `${host} answers`);
  const message = `${host}: ${faultOf(result) ?? 'it is no registry'}; bases are made by debootstrap instead.`;
  const mend = 'Set SLIPWAY_MIRROR_DOCKER to a registry with debian:<suite>-slim, or SLIPWAY_BASE_SOURCE=debootstrap.';
  return config.SLIPWAY_BASE_SOURCE === 'registry' ? fail(name, message, mend) : warn(name, message, mend);
};

export const checkGitHost: Check = async (config, signal) => {
  const result = await attempt('https://github.com/', config, signal);
  if (!('error' in result)) return ok('git host', 'github.com answers');
  const mend = 'Check the network, or set HTTPS_PROXY; repositories on hosts that are reached work all the same.';
  return warn('git host', `github.com: ${reasonOf(result.error)}.`, mend);
};
