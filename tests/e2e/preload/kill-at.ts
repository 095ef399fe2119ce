/**
 * Loaded into a Node program by `--import`: counts the moments just before and just after everything that changes a
 * file or the catalog, and lets SIGKILL end the process at one of them.
 *
 * `SENDENSE_KILL_AT`: number of that moment. `SENDENSE_KILL_AFTER`: a regular expression; the process ends just after a
 * file got a name that matches. `SENDENSE_MOMENTS_FILE`: gets the number of moments when the program ends by itself.
 */
import { writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';

type Method = (this: unknown, ...args: unknown[]) => unknown;

const {
  SENDENSE_KILL_AT: killAt = '0',
  SENDENSE_KILL_AFTER: killAfter,
  SENDENSE_MOMENTS_FILE: momentsFile,
} = process.env;
let moments = 0;

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

function moment(): void {
  moments += 1;
  if (moments === Number(killAt)) die();
}

function cut(holder: object, name: string): void {
  const methods = holder as Record<string, Method>;
  const original = methods[name];
  if (original === undefined) throw new Error(`this Node has no ${name}`);
  methods[name] = function (...args) {
    moment();
    const result = original.apply(this, args);
    if (result instanceof Promise) return result.finally(() => ended(args));
    ended(args);
    return result;
  };
}

function ended(args: readonly unknown[]): void {
  moment();
  const name = args[1];
  if (killAfter !== undefined && typeof name === 'string' && new RegExp(killAfter).test(name)) die();
}

const handle = await fs.open(import.meta.filename, 'r');
const handlePrototype = Object.getPrototypeOf(handle) as object;
await handle.close();
for (const name of ['write', 'truncate', 'datasync', 'sync']) cut(handlePrototype, name);
for (const name of ['open', 'rename', 'link', 'unlink', 'mkdir', 'rmdir']) cut(fs, name);
cut(DatabaseSync.prototype, 'exec');
for (const name of ['run', 'all', 'get']) cut(StatementSync.prototype, name);
syncBuiltinESMExports();

process.on('exit', () => {
  if (momentsFile !== undefined) writeFileSync(momentsFile, String(moments));
});
