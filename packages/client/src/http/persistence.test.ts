import { SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import { Persistence } from './persistence.ts';

const lost = new SendenseError('CONNECTION_LOST', 'gone', { operation: 'x' });

/** The first pause is as long as attempts may go on, so that it shows how long it is. */
const persistence = (limits: { delayMs: number; giveUpMs: number }, random: number) =>
  new Persistence(limits, 'follow', undefined, () => random);

it('waits up to half as long again, by chance, and never less than it was asked to', async () => {
  const limits = { delayMs: 10, giveUpMs: 14 };
  await persistence(limits, 0).afterFailure(lost);
  await persistence(limits, 0.7).afterFailure(lost);
  await expect(persistence(limits, 0.9).afterFailure(lost)).rejects.toMatchObject({ retry: 'exhausted' });
  await expect(persistence(limits, 0).afterFailure(lost, 15)).rejects.toMatchObject({ retry: 'exhausted' });
  await expect(persistence(limits, 0.9).afterFailure(lost, 12)).rejects.toMatchObject({ retry: 'exhausted' });
});

it('passes on at once what no other attempt would mend', async () => {
  const denied = new SendenseError('AUTHENTICATION_FAILED', 'no', { operation: 'x' });
  await expect(persistence({ delayMs: 1, giveUpMs: 40 }, 0).afterFailure(denied)).rejects.toBe(denied);
});
