/** What `slipway serve` needs beside Redis: two ports, and an origin for sessions that is not the service's. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { baseUrl, sessionListen, sessionUrl } from '../../addresses.ts';
import { type Check, type Finding, ok, warn } from './finding.ts';

async function faultOf(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  } finally {
    server.close();
  }
}

export const checkPorts: Check = async (config) => {
  const { SLIPWAY_HOST: host, SLIPWAY_PORT: port } = config;
  const own = sessionListen(config);
  const [ofService, ofSessions] = await Promise.all([faultOf(host, port), faultOf(own.host, own.port)]);
  if (!ofService && !ofSessions) return ok('ports', `${host}:${port} and ${own.port} are free for slipway serve`);
  const which = ofService ? `${host}:${port}` : `${own.host}:${own.port}`;
  const message = `Nothing can listen on ${which} (${ofService ?? ofSessions}); if slipway serve runs, it may have it.`;
  return warn('ports', message, 'Choose SLIPWAY_HOST and SLIPWAY_PORT; sessions use the port after it.');
};

export const checkSessionOrigin: Check = async (config): Promise<Finding | Finding[]> => {
  // A hub's sessions are behind its own proxy.
  if (config.SLIPWAY_LAUNCHER === 'jupyterhub') return [];
  const name = 'session origin';
  const [service, session] = [new URL(baseUrl(config)), new URL(sessionUrl(config, 'x'))];
  const mend = 'Give sessions a host name of their own in SLIPWAY_SESSION_URL, best with a * for each session.';
  if (service.origin === session.origin) {
    return warn(name, `Sessions share ${service.origin} with the service: their code could act as its pages.`, mend);
  }
  if (config.SLIPWAY_BASE_URL !== '' && config.SLIPWAY_SESSION_URL === '') {
    return warn(name, `The service is at ${service.origin}, but its sessions only at ${session.origin}.`, mend);
  }
  if (service.protocol === 'https:' && session.protocol !== 'https:') {
    return warn(
      name,
      `Pages over https cannot open sessions at ${session.origin}.`,
      'Put SLIPWAY_SESSION_URL behind TLS.',
    );
  }
  return ok(name, session.origin);
};
