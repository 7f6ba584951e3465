/** Days that a resolver is held to. */

/** `2022-05-10` and a number of days → the RFC 3339 end of that day. */
export function cutoff(day: string, later: number): string {
  const date = new Date(`${day}T23:59:59Z`);
  date.setUTCDate(date.getUTCDate() + later);
  return date.toISOString().replace('.000', '');
}

/** The day, and the later ones that are tried once a day is proven to have no solution. */
export function cutoffs(day: string): string[] {
  return [cutoff(day, 0), cutoff(day, 90), cutoff(day, 365), 'none'];
}
