/** How an environment's size is told. */

/** `12 conda packages and 3 of pip`. */
export function counted(conda: number, pip: number): string {
  return `${conda} conda ${conda === 1 ? 'package' : 'packages'}${pip === 0 ? '' : ` and ${pip} of pip`}`;
}
