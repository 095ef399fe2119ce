import type { Timer } from '@sendense/plugin-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AuditEntry, RefusalCount } from './audit-log.ts';
import { Refusals } from './refusals.ts';

const SINCE = new Date('2026-01-01T00:00:00.000Z');

let lines: (AuditEntry | RefusalCount)[];
let windows: PromiseWithResolvers<void>[];
let refusals: Refusals;
beforeEach(() => {
  lines = [];
  windows = [];
  const timer: Timer = {
    monotonicMs: () => 0,
    sleep(_ms, signal) {
      const window = Promise.withResolvers<void>();
      signal?.addEventListener('abort', () => window.reject(new Error('aborted')));
      windows.push(window);
      return window.promise;
    },
  };
  refusals = new Refusals({ record: async (entry) => void lines.push(entry) }, timer);
});
afterEach(() => refusals[Symbol.asyncDispose]());

function refused(fields: Partial<AuditEntry> = {}): Promise<void> {
  const entry: AuditEntry = {
    event: 'answered',
    request: 'r',
    principal: 'token:1',
    tenant: 'acme',
    address: '192.0.2.1',
    method: 'DELETE',
    route: '/api/v1/backup/:backup_id',
    parameters: { backup_id: 'p' },
    status: 403,
    job: null,
    subject: {},
    ...fields,
  };
  return refusals.note(entry, SINCE);
}

/** The first minute that is not over yet ends. */
async function minuteEnds(): Promise<void> {
  windows.shift()?.resolve();
  await new Promise(setImmediate);
}

it('writes the first refusal of a caller, and counts what follows in one line', async () => {
  for (let n = 0; n < 1000; n++) await refused();
  for (let n = 0; n < 3; n++) await refused({ method: 'GET', route: '/metrics' });
  expect(lines).toMatchObject([{ event: 'answered', status: 403, parameters: { backup_id: 'p' } }]);
  await minuteEnds();
  expect(lines.slice(1)).toEqual([
    {
      event: 'refused',
      since: SINCE,
      principal: 'token:1',
      tenant: 'acme',
      address: '192.0.2.1',
      refused: { '403 DELETE /api/v1/backup/:backup_id': 999, '403 GET /metrics': 3 },
    },
  ]);
});

it('begins anew after a minute, and writes no count of nothing', async () => {
  await refused();
  await minuteEnds();
  await refused();
  expect(lines).toMatchObject([{ event: 'answered' }, { event: 'answered' }]);
});

it('counts principals apart, and those who are nobody by their network', async () => {
  await refused({ principal: 'token:2' });
  await refused({ principal: 'token:1' });
  for (const last of ['1', '2', '3'])
    await refused({ principal: null, status: 401, address: `2001:db8:0:1::${last}` });
  await refused({ principal: null, status: 401, address: '2001:db8:0:2::1' });
  expect(lines).toHaveLength(4);
  await refusals[Symbol.asyncDispose]();
  expect(lines.slice(4)).toMatchObject([
    { principal: null, address: '2001:db8:0:1::/64', refused: { '401 DELETE /api/v1/backup/:backup_id': 2 } },
  ]);
});

it('counts a bounded number of callers at once, and forgets no count', async () => {
  for (let n = 0; n < 1100; n++) for (const _ of [1, 2]) await refused({ principal: `token:${n}` });
  await new Promise(setImmediate);
  const counts = () => lines.filter(({ event }) => event === 'refused');
  expect(counts()).toHaveLength(100);
  await refusals[Symbol.asyncDispose]();
  expect(new Set(counts().map(({ principal }) => principal)).size).toBe(1100);
});
