import type { Timer } from '@sendense/plugin-kit';
import { expect, it } from 'vitest';
import { reconcileBeforeMount } from './reconcile-before-mount.ts';
import type { ReconciledMounts } from './reconcile-mounts.ts';

const told = { severity: 'info', code: 'mount-removed', message: 'it is gone' } as const;
const timer: Timer = { monotonicMs: () => 0, sleep: () => new Promise((resolve) => setImmediate(resolve)) };

/** Ends when it is told to. */
function reconciling() {
  const going = Promise.withResolvers<ReconciledMounts>();
  const begun: string[] = [];
  const reconcile = (directory: string) => {
    begun.push(directory);
    return going.promise;
  };
  return { begun, end: going, services: { reconcile, timer } };
}

it('A mount does not wait for what cannot be taken away, which is told, and nobody begins that twice', async () => {
  const { begun, end, services } = reconciling();
  for (let index = 0; index < 3; index += 1)
    expect(await reconcileBeforeMount('/stuck', services)).toMatchObject([{ code: 'mount-not-removed' }]);
  expect(begun).toEqual(['/stuck']);
  end.resolve({ removed: [], findings: [told] });
  await end.promise;
  expect(await reconcileBeforeMount('/stuck', services)).toEqual([told]);
});

it('What was taken away is told, and what fails rejects, also the next time', async () => {
  const { begun, end, services } = reconciling();
  end.reject(new Error('there is no such folder'));
  for (let index = 0; index < 2; index += 1)
    await expect(reconcileBeforeMount('/none', services)).rejects.toThrow('there is no such folder');
  expect(begun).toEqual(['/none', '/none']);
});
