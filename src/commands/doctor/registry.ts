/** The registry that images are published to: whether it lets us in, and takes a push. */
import { checkPush } from '../../images.ts';
import { type Check, ok } from './finding.ts';

export const checkImages: Check = async (config, signal) => {
  const name = 'image registry';
  if (config.SLIPWAY_REGISTRY === '') return ok(name, 'SLIPWAY_REGISTRY is not set: images stay in the engine');
  await checkPush(config, signal);
  return ok(name, `${config.SLIPWAY_REGISTRY} takes pushes`);
};
