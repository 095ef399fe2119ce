import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CommonOptions } from '../program/common-flags.ts';
import type { Session } from './session.ts';
import { startInBackground } from './start-in-background.ts';

const OPTIONS = { logLevel: 'info' } as CommonOptions;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-background-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What is asked of a session, with a program of JavaScript instead of the command line. */
function sessionOf(program: string, signal: AbortSignal): Session {
  const host = {
    program: { path: process.execPath, args: ['-e', program] },
    workingDirectory: folder,
    homeDirectory: folder,
    env: {},
  };
  return { host, stateDirectory: folder, stop: { signal } } as unknown as Session;
}

function start(program: string, signal = new AbortController().signal) {
  const verb = { args: ['serve'], logFile: join(folder, 'log') };
  return startInBackground(sessionOf(program, signal), OPTIONS, verb);
}

it('a stop before the process in the background has told anything ends that one too', async () => {
  const program = `
    const { writeFileSync } = require('node:fs');
    process.once('SIGTERM', () => { writeFileSync('ended', ''); process.exit(); });
    setTimeout(() => process.exit(), 20_000);
    writeFileSync('started', '');`;
  const stop = new AbortController();
  const told = start(program, stop.signal);
  await vi.waitUntil(() => existsSync(join(folder, 'started')), { timeout: 10_000 });
  stop.abort(new SendenseError('ABORTED', 'cancelled by SIGINT', { operation: 'run-command' }));
  await expect(told).rejects.toMatchObject({ code: 'ABORTED' });
  await vi.waitUntil(() => existsSync(join(folder, 'ended')), { timeout: 10_000 });
});

it('a log that has grown beyond a mebibyte is set aside, in place of the one before', async () => {
  const log = join(folder, 'log');
  await writeFile(`${log}.1`, 'older');
  await writeFile(log, 'old');
  await truncate(log, 2 ** 20);
  const program = "console.error('logged'); console.log('{}')";
  expect(await start(program)).toEqual({});
  expect(await readFile(`${log}.1`, 'utf8')).toBe('older');
  await truncate(log, 2 ** 20 + 1);
  expect(await start(program)).toEqual({});
  expect((await readFile(`${log}.1`, 'utf8')).slice(0, 3)).toBe('old');
  expect(await readFile(log, 'utf8')).toBe('logged\n');
});
