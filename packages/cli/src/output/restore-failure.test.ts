import { SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import { tellRestoreFailure } from './restore-failure.ts';

const failure = (code: 'NO_SPACE' | 'ABORTED' | 'CORRUPT', remedy?: string) =>
  new SendenseError(code, 'failed', { operation: 'copy', ...(remedy === undefined ? {} : { remedy }) });

it('names the commands that go on with a restore and that undo it, after what comes first', () => {
  const remedies = [failure('NO_SPACE'), failure('ABORTED', 'run it again'), failure('CORRUPT', 'look')].map(
    (error) => tellRestoreFailure(error, 'j1').remedy,
  );
  const commands =
    'go on with "sendense-ctl restore resume --job j1", or undo it with "sendense-ctl restore rollback --job j1"';
  expect(remedies).toEqual([
    `free space at the target; then ${commands}`,
    commands,
    `look; then ${commands}`,
  ]);
});

it('names flags, and no job where there is nothing to go on with', () => {
  const exists = new SendenseError('ALREADY_EXISTS', 'there', { operation: 'begin', remedy: 'allow it' });
  expect(tellRestoreFailure(exists, undefined).remedy).toBe('choose another name, or add --overwrite');
  expect(tellRestoreFailure(failure('CORRUPT', 'look'), undefined).remedy).toBe('look');
});
