/** Refuses work in time, rather than doing all of it too late. */
import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { SlipwayError } from '../../errors.ts';

/** Mean time within a second that the process is late. Ten thousand requests at once stay far below it. */
const LATE = 3000;

export async function addPressureValve(app: FastifyInstance): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: LATE,
    maxHeapUsedBytes: Math.round(getHeapStatistics().heap_size_limit * 0.85),
    pressureHandler: () => {
      throw new SlipwayError('overloaded', 'The service has more to do than it can.', {
        hint: 'Try again in a minute.',
      });
    },
  });
}
