/** What `--image` may be: a name and tag as engines take them. */
import { SlipwayError } from '../errors.ts';
import { plainLine } from './text.ts';

const DOMAIN_PART = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = `(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
/** The grammar of github.com/distribution/reference, without digests: those are given by the engine. */
const NAME = new RegExp(`^(?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const LONGEST = 255;

/** What the engine would take for one of the images that keys name; Docker's own registry may be left out. */
const OURS = /^(?:(?:index\.)?docker\.io\/)?slipway\//;

/**
 * Gives a further name for an image back, if it can be one.
 * @throws bad_usage
 */
export function checkedImageName(text: string): string {
  const colon = text.lastIndexOf(':');
  const at = colon > text.lastIndexOf('/') ? colon : text.length;
  const [name, tag] = [text.slice(0, at), text.slice(at + 1)];
  const isName = name.length <= LONGEST && NAME.test(name) && !/^[a-f0-9]{64}$/.test(name);
  if (!isName || (at < text.length && !TAG.test(tag))) {
    throw new SlipwayError('bad_usage', `"${plainLine(text)}" cannot be the name of an image.`, {
      hint: 'Write it in lower case as name:tag, with a registry before it if need be: course:latest, registry.example/team/course:v1.',
    });
  }
  if (!OURS.test(name)) return text;
  throw new SlipwayError('bad_usage', `"${plainLine(text)}" is a name that Slipway itself gives.`, {
    hint: 'Choose another one, for example course:latest.',
  });
}
