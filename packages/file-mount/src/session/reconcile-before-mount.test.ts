import type { Finding } from '@sendense/core';
import type { Timer } from '@sendense/plugin-kit';
import { expect, it } from 'vitest';
import { reconcileBeforeMount } from './reconcile-before-mount.ts';
import type { ReconciledRecords } from './reconcile-records.ts';

const gone = { severity: 'info', code: 'mount-removed', message: 'it is gone' } as const;
const stays = { severity: 'warning', code: 'mount-not-removed', message: 'it stays' } as const;

/** Each ends when it is told to. */
function reconciling() {
  const begun: PromiseWithResolvers<ReconciledRecords>[] = [];
  const time = { nowMs: 0 };
  const timer: Timer = {
    monotonicMs: () => time.nowMs,
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
  };
  const reconcile = () => {
    const going = Promise.withResolvers<ReconciledRecords>();
    begun.push(going);
    return going.promise;
  };
  const end = async (findings: readonly Finding[], isStuck = false): Promise<void> => {
    const last = begun.at(-1);
    last?.resolve({ removed: [], findings, isStuck });
    await last?.promise;
  };
  return { begun, end, time, services: { reconcile, timer } };
}

it('A mount does not wait for what cannot be taken away, which is told, and nobody begins that twice', async () => {
  const { begun, services } = reconciling();
  for (let index = 0; index < 3; index += 1)
    expect(await reconcileBeforeMount('/stuck', services)).toMatchObject([{ code: 'mount-not-removed' }]);
  expect(begun).toHaveLength(1);
});

it('What ended after nobody waited for it any more is told to whoever mounts next, once', async () => {
  const { begun, end, services } = reconciling();
  await reconcileBeforeMount('/late', services);
  await end([gone]);
  const [second, third] = [reconcileBeforeMount('/late', services), reconcileBeforeMount('/late', services)];
  await end([]);
  expect(await second).toEqual([gone]);
  expect(await third).toEqual([]);
  expect(begun).toHaveLength(2);
});

it('What did not answer until it was given up is asked again after a minute, and told meanwhile', async () => {
  const { begun, end, time, services } = reconciling();
  await reconcileBeforeMount('/silent', services);
  await end([gone, stays], true);
  time.nowMs = 59_999;
  expect(await reconcileBeforeMount('/silent', services)).toEqual([gone, stays]);
  expect(await reconcileBeforeMount('/silent', services)).toEqual([stays]);
  expect(begun).toHaveLength(1);
  time.nowMs = 60_000;
  const again = reconcileBeforeMount('/silent', services);
  await end([gone]);
  expect(await again).toEqual([gone]);
  expect(begun).toHaveLength(2);
});

it('What was taken away is told, and what fails rejects, also the next time', async () => {
  const { begun, services } = reconciling();
  for (let index = 0; index < 2; index += 1) {
    const told = reconcileBeforeMount('/none', services);
    begun.at(-1)?.reject(new Error('there is no such folder'));
    await expect(told).rejects.toThrow('there is no such folder');
  }
  expect(begun).toHaveLength(2);
});
