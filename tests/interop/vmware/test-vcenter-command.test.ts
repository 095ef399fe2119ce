import { existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../../tools/test-vcenter/main.ts', import.meta.url));

describeWithPeers(['test-vcenter'], 'npm run test-vcenter', () => {
  it('tells in one line how to reach it, and leaves nothing behind when its input closes', async () => {
    const child = execa(process.execPath, [...process.execArgv, PROGRAM, '--json'], {
      stdin: 'pipe',
      buffer: { stdout: false },
    });
    const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const told = JSON.parse(String(value)) as Readonly<Record<string, string>>;
    expect(told).toMatchObject({
      url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
      user: expect.any(String),
      password: expect.any(String),
    });
    const { caFile = '', datastoreDir = '' } = told;
    expect([statSync(caFile).isFile(), statSync(datastoreDir).isDirectory()]).toEqual([true, true]);
    child.stdin.end();
    expect((await child).exitCode).toBe(0);
    expect([existsSync(caFile), existsSync(datastoreDir)]).toEqual([false, false]);
  });
});
