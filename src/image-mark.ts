/** What an image says of itself to whoever may use its server: which commit's files it has. */

/** `GET /api/config/<MARK>` answers with it, as every server of Jupyter's does for what is in its folders of settings. */
export const MARK = 'slipway';

const FOLDER = 'usr/local/etc/jupyter/';

/** Folders, each with a slash at its end, and files of the mark; the second folder is for servers of before 2021. */
export function markEntries(commit: string): { name: string; text?: string }[] {
  const text = `${JSON.stringify({ commit })}\n`;
  const within = ['nbconfig/', 'serverconfig/'].map((folder) => FOLDER + folder);
  return [{ name: FOLDER }, ...within.flatMap((name) => [{ name }, { name: `${name}${MARK}.json`, text }])];
}
