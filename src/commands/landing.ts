/** What `--urlpath` may be: a path of the server, or simply a file of the repository. */

/** First segments that Jupyter servers and their usual extensions answer to. */
const ROUTES = new Set(
  [
    'api desktop doc edit files git-pull lab nbclassic notebooks proxy retro rstudio shiny terminals tree view voila',
  ].flatMap((names) => names.split(' ')),
);

/**
 * The path inside the session that a browser opens. `index.ipynb` and `docs/a b.md` are files and open in JupyterLab;
 * what has a query or begins with a route of the server stays as it is.
 */
export function landingPath(urlpath: string): string {
  const path = urlpath.replace(/^[/\\]+/, '');
  const [first = ''] = path.split('/');
  const isFile = /(^|\/)[^/?#:]+\.[A-Za-z0-9]{1,10}$/.test(path) && !/[?:\\]|%[0-9a-f]{2}/i.test(path);
  if (!isFile || ROUTES.has(first)) return urlpath;
  return `lab/tree/${path.split('/').map(encodeURIComponent).join('/')}`;
}
