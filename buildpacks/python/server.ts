/** Which packages are part of the Jupyter server, so that a repository which names one runs its own server. */

const PARTS = new Set([
  'jupyterlab',
  'jupyterlab-server',
  'jupyter-server',
  'notebook',
  'nbclassic',
  'voila',
  'jupyterhub',
  'jupytext',
  'rise',
  'nbgitpuller',
  'nbresuse',
  'jupyter-resource-usage',
  'jupyter-contrib-nbextensions',
  'jupyter-nbextensions-configurator',
  'jupyter-server-proxy',
  'jupyter-rsession-proxy',
  'jupyter-remote-desktop-proxy',
  'jupyter-lsp',
  'jupyter-ai',
  'jupyter-collaboration',
  'jupyter-offlinenotebook',
  'jupyter-archive',
  'dask-labextension',
  'nbdime',
  'elyra',
]);
/** Named like extensions of the lab, but libraries of kernels and of nbconvert. */
const LIBRARIES = new Set(['jupyterlab-widgets', 'jupyterlab-pygments']);

/** The part of the server that these normalised package names ask for, or undefined. */
export function serverPart(names: Iterable<string>): string | undefined {
  for (const name of names) {
    if (LIBRARIES.has(name)) continue;
    if (PARTS.has(name) || name.startsWith('jupyterlab-')) return name;
  }
  return undefined;
}

/** What a kernel needs, and what repo2docker's base brings along unasked. */
export const KERNEL_EXTRAS = [
  'ipykernel',
  'ipywidgets',
  'pip',
  'setuptools',
  'requests',
  'pyyaml',
  'psutil',
  'beautifulsoup4',
];
/** What a server of the repository's own needs besides, for every launcher. */
export const SERVER_EXTRAS = ['jupyterlab', 'notebook', 'jupyterhub', 'nbclient', 'papermill'];
