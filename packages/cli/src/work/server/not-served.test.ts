import { expect, it } from 'vitest';
import { flagNotServed, verbNotServed } from './not-served.ts';

it.each([
  [['token', 'create'], 'makes no tokens', 'where the server runs'],
  [['export', 'add'], 'exports no disks', 'in this process'],
  [['verify'], 'no verification', 'where the server runs'],
  [['prune'], 'no retention', 'where the server runs'],
  [['repository', 'key', 'add'], 'of its configuration', 'where the server runs'],
  [['restore', 'resume'], 'by itself', 'restore show'],
  [['restore', 'rollback'], 'by itself', 'jobs cancel'],
] as const)('says why no server does %j, and what to do instead', (words, why, remedy) => {
  const error = verbNotServed(words);
  expect(error).toMatchObject({ code: 'UNSUPPORTED', remedy: expect.stringContaining(remedy) as string });
  expect(error.message).toContain(`no server does ${words.join(' ')}: `);
  expect(error.message).toContain(why);
});

it('says of every other verb, and of a flag, how it is done in this process', () => {
  const here = {
    code: 'UNSUPPORTED',
    remedy: expect.stringContaining('SENDENSE_SERVER to nothing') as string,
  };
  expect(verbNotServed(['doctor'])).toMatchObject({ ...here, message: 'no server does doctor' });
  expect(flagNotServed('--rate', ['backup', 'start'])).toMatchObject({
    ...here,
    message: 'no server takes --rate of backup start',
  });
});
