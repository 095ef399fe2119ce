import type { FastifyInstance } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { metricFamilies } from './metric-families.ts';
import { openMetrics } from './open-metrics.ts';
import { RequestTimes } from './request-times.ts';

/** What a server knows of itself: whether it serves, and its figures. */
export class Observations {
  readonly #audit: Pick<AuditLog, 'isWritable'>;
  readonly #jobs: Pick<Jobs, 'counts'>;
  readonly #times = new RequestTimes();
  #isServing = false;

  constructor(audit: Pick<AuditLog, 'isWritable'>, jobs: Pick<Jobs, 'counts'>) {
    this.#audit = audit;
    this.#jobs = jobs;
  }

  /** From now on, or until it stops, the server takes requests. */
  setServing(isServing: boolean): void {
    this.#isServing = isServing;
  }

  /** Why the server should get no requests; `null`: it should. */
  get unready(): string | null {
    if (!this.#isServing) return 'the server starts or stops';
    return this.#audit.isWritable ? null : 'the audit log cannot be written';
  }

  /** Counts the requests of `app`. */
  watch(app: FastifyInstance): void {
    app.decorateRequest('startedMs', 0);
    app.addHook('onRequest', async (request) => {
      request.startedMs = performance.now();
    });
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.config.route?.url ?? 'other';
      const seconds = (performance.now() - request.startedMs) / 1000;
      this.#times.observe({ method: request.method, route, status: String(reply.statusCode) }, seconds);
    });
  }

  /** All figures in the text format of OpenMetrics 1.0. */
  metrics(): string {
    return openMetrics(metricFamilies(this.#times, this.#jobs.counts()));
  }
}
