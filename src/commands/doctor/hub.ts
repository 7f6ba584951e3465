/** The JupyterHub of SLIPWAY_LAUNCHER=jupyterhub. */
import { type Check, ok } from './finding.ts';

export const checkJupyterHub: Check = async (config, signal) => {
  if (config.SLIPWAY_LAUNCHER !== 'jupyterhub') return [];
  const { checkHub } = await import('../../sessions.ts');
  await checkHub(config, signal);
  return ok('JupyterHub', `${config.SLIPWAY_HUB_URL} answers, and the token has its scopes`);
};
