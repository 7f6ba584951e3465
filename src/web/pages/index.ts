/** The pages: everything that a browser is given beside the API. Routes ask this file alone. */
export { loadAssets } from './assets.ts';
export { badgeSvg } from './badge-svg.ts';
export { renderDocument } from './document.ts';
export { documentPolicy, pagePolicy } from './policy.ts';
export { renderAbout, renderError, renderFront, renderGone, renderLaunch } from './render.ts';
export { createSite } from './site.ts';
export type { BadgeState, LaunchView, Site } from './views.ts';
