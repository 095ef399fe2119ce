import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { standIn } from '../../test/support/stand-in.ts';
import { endingWithParent } from './ending-with-parent.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-ending-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe.skipIf(process.platform === 'win32')('a program that is to end with this process', () => {
  it('is started by itself where setpriv does not know the option', async () => {
    await standIn(folder, 'setpriv', ['echo "unrecognized option" >&2', 'exit 1']);
    expect(await endingWithParent('/bin/show', ['it'])).toEqual(['/bin/show', ['it']]);
  });

  it('is started by setpriv where that knows it, which is tried once', async () => {
    await standIn(folder, 'setpriv', [`echo "$@" >> '${folder}/tried'`]);
    const wanted = [join(folder, 'setpriv'), ['--pdeathsig', 'KILL', '--', '/bin/show', 'it']];
    for (let index = 0; index < 3; index += 1)
      expect(await endingWithParent('/bin/show', ['it'])).toEqual(wanted);
    expect(await readFile(join(folder, 'tried'), 'utf8')).toBe('--pdeathsig KILL -- true\n');
  });
});
