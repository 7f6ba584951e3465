/** `slipway inspect`: what an image says of itself, and what is attached to it. */
import { loadConfig } from '../config.ts';
import type { ImageFacts } from '../images.ts';
import { type Command, JSON_OPTION } from './command.ts';
import { table } from './sessions.ts';
import { bytes, plainLine } from './text.ts';

/** Labels that say something to people, by their names there. */
const SHOWN: readonly (readonly [string, string])[] = [
  ['org.slipway.tier', 'tier'],
  ['org.opencontainers.image.source', 'repository'],
  ['org.opencontainers.image.revision', 'commit'],
  ['org.opencontainers.image.created', 'committed'],
  ['org.slipway.files', 'files read'],
  ['org.slipway.as-of', 'as of'],
  ['org.slipway.resolved-as-of', 'packages of'],
  ['org.slipway.environment', 'environment'],
  ['org.slipway.base', 'base'],
  ['org.slipway.version', 'Slipway'],
];

function text({ image, digest, labels, size, layers, artifacts }: ImageFacts): string {
  const rows = [
    ['image', image],
    ['digest', digest],
    ...SHOWN.flatMap(([label, name]) => (labels[label] === undefined ? [] : [[name, labels[label]]])),
    ['layers', `${layers}, ${bytes(size)}`],
    ...artifacts.map(({ name, type, size: length }) => ['attached', `${name}, ${bytes(length)} (${type})`]),
  ];
  return table(rows.map((row) => row.map(plainLine)));
}

export const command: Command = {
  name: 'inspect',
  summary: 'say what an image is made of, and what is attached to it',
  operands: '<image>',
  count: { min: 1, max: 1 },
  details: `<image> is a name as slipway build prints it, in the registry of SLIPWAY_REGISTRY or in the engine. Lock, provenance
(SLSA) and list of packages (SPDX) are attached to images in a registry.`,
  options: [
    { name: 'show', value: 'WHAT', meaning: 'print an attachment as it is: lock, provenance or sbom' },
    JSON_OPTION,
  ],
  examples: [
    { line: 'slipway inspect registry.example.org/slipway/content:1f3c…', meaning: 'for people' },
    { line: 'slipway inspect <image> --show sbom > sbom.spdx.json', meaning: 'for programs' },
  ],
  async run(args, io) {
    const config = loadConfig();
    const { inspectImage, readAttachment } = await import('../images.ts');
    const [image = ''] = args.operands;
    const { show } = args.values;
    if (show !== undefined) {
      io.stdout.write(await readAttachment(image, show, config, io.signal));
      return 0;
    }
    const facts = await inspectImage(image, config, io.signal);
    io.stdout.write(args.switches.has('json') ? `${JSON.stringify(facts)}\n` : text(facts));
    return 0;
  },
};
