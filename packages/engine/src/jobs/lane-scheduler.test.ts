import { expect, it } from 'vitest';
import { createLaneScheduler } from './lane-scheduler.ts';

it('holds every lane of a task, whatever the order in which they are named', async () => {
  const lanes = createLaneScheduler();
  const [host, family] = [
    { key: 'host', max: 2 },
    { key: 'family', max: 1 },
  ];
  let running = 0;
  let most = 0;
  const task = async (): Promise<number> => {
    running++;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    return running--;
  };
  await Promise.all(Array.from({ length: 6 }, () => lanes.run([host], task)));
  expect(most).toBe(2);
  most = 0;
  const both = [
    [host, family],
    [family, host],
  ];
  await Promise.all(Array.from({ length: 6 }, (_, index) => lanes.run(both[index % 2] ?? [], task)));
  expect(most).toBe(1);
});

it('frees the lane of a task that fails', async () => {
  const lanes = createLaneScheduler();
  const lane = [{ key: 'host', max: 1 }];
  await expect(lanes.run(lane, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await lanes.run(lane, async () => 'next')).toBe('next');
});
