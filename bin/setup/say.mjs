/** What set-up says, and how it fails. */

/** One or more lines for people; standard output belongs to the command that runs afterwards. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Exit codes of set-up, as in the table of src/errors.ts. */
export const EXIT = { failed: 10, engineMissing: 11, engineNotDocker: 12 };

/** Set-up cannot go on; the message says what to do. */
export class SetupError extends Error {
  constructor(message, exit = EXIT.failed) {
    super(message);
    this.exit = exit;
  }
}
