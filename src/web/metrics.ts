/** What Prometheus is told. Builds are counted where they are done, launches where they are driven: none twice. */
import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Service } from '../service/service.ts';
import type { Observation } from '../service/types.ts';

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800];

const STAGE_LABELS = ['stage', 'provider', 'outcome'] as const;

/** With every stage and bucket there would be too many series of every code. */
function roughly(outcome: string): string {
  return ['ready', 'completed', 'cancelled'].includes(outcome) ? outcome : 'failed';
}

export interface Metrics {
  registry: Registry;
  /** Counts what has ended. */
  observe(observation: Observation): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const launches = new Histogram({
    name: 'slipway_launch_seconds',
    help: 'Launches that ended: time from the request to ready or failed',
    labelNames: ['provider', 'outcome', 'cached'] as const,
    buckets: SECONDS,
    registers,
  });
  const launchStages = new Histogram({
    name: 'slipway_launch_stage_seconds',
    help: 'Time that launches spent in a stage; container and server are what a session waits for',
    labelNames: STAGE_LABELS,
    buckets: SECONDS,
    registers,
  });
  const builds = new Counter({
    name: 'slipway_builds_total',
    help: 'Builds that ended',
    labelNames: ['provider', 'outcome'] as const,
    registers,
  });
  const stages = new Histogram({
    name: 'slipway_build_stage_seconds',
    help: 'Time that builds spent in a stage; wait is the queue',
    labelNames: STAGE_LABELS,
    buckets: SECONDS,
    registers,
  });
  const tiers = new Counter({
    name: 'slipway_tiers_total',
    help: 'Tiers that launches and builds needed, by whether they were there (cached) or had to be built',
    labelNames: ['tier', 'state'] as const,
    registers,
  });
  return {
    registry,
    observe(observation) {
      const { provider, outcome } = observation;
      const isLaunch = observation.kind === 'launch';
      if (isLaunch)
        launches.observe({ provider, outcome, cached: String(observation.cached) }, observation.took / 1000);
      else builds.inc({ provider, outcome });
      for (const [stage, ms] of Object.entries(observation.timings))
        (isLaunch ? launchStages : stages).observe({ stage, provider, outcome: roughly(outcome) }, ms / 1000);
      for (const [tier, state] of Object.entries(observation.tiers ?? {})) tiers.inc({ tier, state });
    },
  };
}

/** What is so at the moment somebody looks; the same in all processes. */
export function addServiceGauges({ registry }: Metrics, service: Service): void {
  const registers = [registry];
  new Gauge({
    name: 'slipway_queue_builds',
    help: 'Builds in the queue',
    labelNames: ['state'] as const,
    registers,
    async collect() {
      const { waiting, active } = await service.queue();
      this.set({ state: 'waiting' }, waiting);
      this.set({ state: 'active' }, active);
    },
  });
  new Gauge({
    name: 'slipway_sessions',
    help: 'Sessions that run',
    registers,
    async collect() {
      this.set(await service.sessions.count());
    },
  });
}

/** What this process serves. */
export function addWebMetrics({ registry }: Metrics, app: FastifyInstance, streams: { count: number }): void {
  const registers = [registry];
  new Gauge({
    name: 'slipway_event_streams',
    help: 'Event streams that are open',
    registers,
    collect() {
      this.set(streams.count);
    },
  });
  const requests = new Counter({
    name: 'slipway_http_requests_total',
    help: 'Requests by route and status',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    requests.inc({ method: request.method, route, status: reply.statusCode });
  });
}
