/** What is said of an image beside its labels: the lock, where it came from (SLSA), what is in it (SPDX). */
import { condaPackage } from '../conda-lock.ts';
import { VERSION } from '../root.ts';
import type { Plan } from '../types.ts';
import type { Artifact } from './artifacts.ts';

export const ARTIFACTS = {
  lock: 'application/vnd.slipway.lock.v1+text',
  provenance: 'application/vnd.in-toto+json',
  sbom: 'application/spdx+json',
} as const;

/** An image as its provenance names it. */
export interface Subject {
  name: string;
  digest: string;
}

/** The resolved packages, as a requirements file takes them. */
export function lockArtifact(lock: string): Artifact {
  return { type: ARTIFACTS.lock, name: 'requirements.txt', content: Buffer.from(withoutCredentials(lock)) };
}

/** User and password of any URL in a lock are nobody's business. */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s@]*(?:@[^/?#\s@]*)*@/gi, '$1');
}

/** An in-toto statement with SLSA's provenance; without times, so that the same image has the same. */
export function provenanceArtifact(plan: Plan, day: string, subject: Subject, parents: readonly Subject[]): Artifact {
  const { repo, commit, subdir, asOf, era, python, buildpacks, platform, tiers } = plan;
  const dependency = ({ name, digest }: Subject) => ({ uri: `oci://${name}`, digest: digestSet(digest) });
  const source = { uri: repo === 'local' ? 'local' : `git+${repo}`, digest: { gitCommit: commit } };
  const content = statement(subject, {
    buildDefinition: {
      buildType: 'urn:slipway:build:v1',
      externalParameters: { repository: repo, commit, subdir },
      internalParameters: {
        asOf,
        resolvedAsOf: day,
        debian: era.debian,
        python: python.version || era.python,
        platform,
        files: buildpacks.flatMap(({ evidence }) => evidence.map(({ file }) => file)),
        buildpacks: buildpacks.map(({ name }) => name),
        keys: Object.fromEntries(Object.entries(tiers).map(([name, { key }]) => [name, key])),
      },
      resolvedDependencies: [source, ...parents.map(dependency)],
    },
    runDetails: { builder: { id: 'urn:slipway', version: { slipway: VERSION } } },
  });
  return { type: ARTIFACTS.provenance, name: 'provenance.json', content };
}

function statement({ name, digest }: Subject, predicate: object): Buffer {
  return Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name, digest: digestSet(digest) }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate,
    }),
  );
}

function digestSet(digest: string): Record<string, string> {
  const [algorithm = '', value = ''] = digest.split(':');
  return { [algorithm]: value };
}

interface Package {
  name: string;
  version: string;
  purl: string;
}

/** An SPDX 2.3 document of Debian's packages and of those of Python and conda that a lock names. */
export function sbomArtifact(
  { name, digest }: Subject,
  day: string,
  found: { dpkgStatus: string; locks: readonly string[] },
): Artifact {
  const packages = [
    ...debianPackages(found.dpkgStatus),
    ...found.locks.flatMap(condaPackages),
    ...found.locks.flatMap(pythonPackages),
  ];
  const each = [...new Map(packages.map((one) => [one.purl, one])).values()];
  const root = {
    SPDXID: 'SPDXRef-image',
    name,
    versionInfo: digest,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
  };
  const listed = each.map((one, index) => ({
    SPDXID: `SPDXRef-package-${index + 1}`,
    name: one.name,
    versionInfo: one.version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: one.purl }],
  }));
  const related = (spdxElementId: string, relationshipType: string, relatedSpdxElement: string) => ({
    spdxElementId,
    relationshipType,
    relatedSpdxElement,
  });
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `urn:slipway:spdx:${digest}`,
    // Of the packages, for a document of the same image has to be the same.
    creationInfo: {
      created: `${/^\d{4}-/.test(day) ? day : '1970-01-01'}T00:00:00Z`,
      creators: [`Tool: slipway-${VERSION}`],
    },
    packages: [root, ...listed],
    relationships: [
      related('SPDXRef-DOCUMENT', 'DESCRIBES', 'SPDXRef-image'),
      ...listed.map(({ SPDXID }) => related('SPDXRef-image', 'CONTAINS', SPDXID)),
    ],
  };
  return { type: ARTIFACTS.sbom, name: 'sbom.spdx.json', content: Buffer.from(JSON.stringify(document)) };
}

function debianPackages(status: string): Package[] {
  return status.split('\n\n').flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1]?.trim() ?? '';
    const [name, version, arch] = [field('Package'), field('Version'), field('Architecture')];
    if (name === '' || version === '' || !/ installed$/.test(field('Status'))) return [];
    return [{ name, version, purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${arch}` }];
  });
}

function pythonPackages(lock: string): Package[] {
  return lock.split('\n').flatMap((line) => {
    const [, name = '', version = ''] = /^([A-Za-z0-9][\w.-]*)==([\w.!+-]+)/.exec(line) ?? [];
    return name === '' ? [] : [{ name, version, purl: `pkg:pypi/${name}@${encodeURIComponent(version)}` }];
  });
}

function condaPackages(lock: string): Package[] {
  return lock.split('\n').flatMap((line) => {
    const found = condaPackage(line);
    if (found === undefined) return [];
    const { name, version, build, channel, subdir } = found;
    const more = new URLSearchParams({ build, channel, subdir });
    return [{ name, version, purl: `pkg:conda/${name}@${encodeURIComponent(version)}?${more}` }];
  });
}
