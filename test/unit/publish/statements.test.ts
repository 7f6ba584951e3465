import { expect, it } from 'vitest';
import { lockArtifact, sbomArtifact } from '../../../src/publish/statements.ts';

const subject = { name: 'registry.example.org/x/environment:k', digest: `sha256:${'a'.repeat(64)}` };
const STATUS = [
  'Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13.dfsg-1\nDescription: a library',
  'Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1.0',
].join('\n\n');

it('strips the credentials of every address in a lock', () => {
  const lock =
    'a==1 --hash=sha256:00\nb @ https://user:p@ss@example.org/b.whl\nc @ git+https://tok@example.org/c@v1#egg=c\n';
  expect(String(lockArtifact(lock).content)).toBe(
    'a==1 --hash=sha256:00\nb @ https://example.org/b.whl\nc @ git+https://example.org/c@v1#egg=c\n',
  );
});

it('lists what is installed, each once, in the same bytes every time', () => {
  const locks = [
    'numpy==1.26.4 --hash=sha256:00\n# a comment\n',
    'numpy==1.26.4\njupyterlab==4.1.2\nx @ https://e.org/x',
    `https://conda.anaconda.org/conda-forge/linux-64/zlib-1.3-h1_0.conda#${'0'.repeat(64)}\nhttps://e.org/not#a-package\n`,
  ];
  const write = () => sbomArtifact(subject, '2024-03-10', { dpkgStatus: STATUS, locks }).content;
  const document = JSON.parse(String(write()));
  const purls = document.packages.flatMap((one: { externalRefs?: { referenceLocator: string }[] }) =>
    (one.externalRefs ?? []).map(({ referenceLocator }) => referenceLocator),
  );
  expect(purls).toEqual([
    'pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64',
    'pkg:conda/zlib@1.3?build=h1_0&channel=conda-forge&subdir=linux-64',
    'pkg:pypi/numpy@1.26.4',
    'pkg:pypi/jupyterlab@4.1.2',
  ]);
  expect(document).toMatchObject({ spdxVersion: 'SPDX-2.3', creationInfo: { created: '2024-03-10T00:00:00Z' } });
  expect(document.relationships).toHaveLength(5);
  expect(write().equals(write())).toBe(true);
});
