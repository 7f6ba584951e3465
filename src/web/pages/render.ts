/** View → page. */
import type { ErrorView, FrontView, LaunchView, Site } from './views.ts';

export function renderFront(site: Site, _view: FrontView): string {
  return site.name;
}

export function renderLaunch(site: Site, _view: LaunchView): string {
  return site.name;
}

export function renderAbout(site: Site, _view: { version: string }): string {
  return site.name;
}

export function renderError(site: Site, _view: ErrorView): string {
  return site.name;
}
