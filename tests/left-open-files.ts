import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { collectGarbage } from './collect-garbage.ts';

/*
 * Runs before each file of tests. A file that is forgotten instead of closed is closed by the garbage collector, some time
 * later and maybe never; Node warns of it then (DEP0137). Here that fails the file of tests that forgot it.
 */

const FOLDER = '/proc/self/fd';

/** How many files are open, pipes and sockets left out; `undefined` where the system does not tell. */
function openFiles(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const isFile = (name: string): boolean => {
    try {
      return readlinkSync(`${FOLDER}/${name}`).startsWith('/');
    } catch {
      // of the listing itself
      return false;
    }
  };
  return readdirSync(FOLDER).filter(isFile).length;
}

const before = openFiles();
const forgotten: string[] = [];
process.on('warning', ({ message }) => {
  if (/^Closing file descriptor \d+ on garbage collection/.test(message)) forgotten.push(message);
});

async function collectForgotten(): Promise<void> {
  // what a promise or a callback still held goes in the second or third round, and Node warns in a turn after
  for (let round = 0; round < 4; round += 1) {
    collectGarbage();
    await turn();
  }
}

afterAll(async () => {
  // collecting takes a while, so only where something is open that was not
  const after = openFiles();
  if (before === undefined || after === undefined || after > before) await collectForgotten();
  if (forgotten.length > 0) throw new Error(`files were opened and never closed: ${forgotten.join('; ')}`);
});
