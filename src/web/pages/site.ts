/** The operator's own name, picture, colour and words. */
import { createHash } from 'node:crypto';
import type { Config } from '../../config.ts';
import type { Assets } from './assets.ts';
import type { Site } from './views.ts';

/**
 * Reads the operator's settings once.
 * @param baseUrl public address of the service without a slash at its end
 */
export function createSite(_config: Config, assets: Assets, baseUrl: string): Site {
  const { style } = assets;
  return {
    name: 'Slipway',
    baseUrl,
    style,
    styleHash: `'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    asset: assets.path,
  };
}
