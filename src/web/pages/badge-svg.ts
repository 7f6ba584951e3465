/** Badges: 20 px high, beside those of shields.io. */
import type { BadgeState } from './views.ts';

/** @param state `static` is the badge for a README that says nothing of a state */
export function badgeSvg(state: BadgeState): string {
  return state;
}
