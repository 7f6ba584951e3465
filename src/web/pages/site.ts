/** The operator's own name, picture, colour and words. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import MarkdownIt from 'markdown-it';
import type { Config } from '../../config.ts';
import { SlipwayError } from '../../errors.ts';
import { type Assets, assetOf } from './assets.ts';
import { accentRules } from './colour.ts';
import type { Asset, Site } from './views.ts';

function readLogo(file: string): Asset {
  try {
    const bytes = readFileSync(file);
    const logo = assetOf('/assets/logo', extname(file), bytes);
    return logo;
  } catch (error) {
    throw new SlipwayError('bad_setting', `SLIPWAY_SITE_LOGO: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Reads the operator's settings once.
 * @param baseUrl public address of the service without a slash at its end
 * @throws bad_setting when the picture cannot be read
 */
export function createSite(config: Config, assets: Assets, baseUrl: string): Site {
  const { SLIPWAY_SITE_NAME: name, SLIPWAY_SITE_COLOR: colour, SLIPWAY_SITE_LOGO: picture } = config;
  const { SLIPWAY_SITE_BANNER: banner, SLIPWAY_SITE_ABOUT: about } = config;
  const markdown = new MarkdownIt({ linkify: true, typographer: true });
  const logo = picture ? readLogo(picture) : undefined;
  return {
    name,
    hasOwnName: name !== 'Slipway',
    baseUrl,
    ...(logo && { logo: logo.path }),
    ...(banner && { banner: `<p>${markdown.renderInline(banner)}</p>` }),
    ...(about && { about: markdown.render(about) }),
    example: config.SLIPWAY_SITE_EXAMPLE,
    publishes: config.SLIPWAY_REGISTRY !== '',
    showsRecent: config.SLIPWAY_SITE_RECENT === 'on',
    style: assets.style + (colour ? accentRules(colour) : ''),
    documentStyle: assets.documentStyle + (colour ? accentRules(colour) : ''),
    files: new Map([...assets.files, ...(logo ? ([[logo.path, logo]] as const) : [])]),
    asset: assets.path,
  };
}
