#!/usr/bin/env node
// The entry of every root script. A fresh machine has only Node >= 20 and npm, so this file is plain JavaScript
// without dependencies: it installs the workspace when that is needed and then runs the real program on the
// Node that the workspace pins, straight from its TypeScript sources.
import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const binFolder = path.join(root, 'node_modules', '.bin');
const nodeProgram = path.join(root, 'node_modules', 'node', 'bin', 'node');
const lockFile = path.join(root, '.cache', 'bootstrap.lock');
const nativeFolder = path.join(root, 'packages', 'blockio-native');
const flags = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning'];

/** What each root script runs. */
const programs = {
  demo: 'examples/demo/main.ts',
  ctl: 'packages/cli/src/main.ts',
  test: 'tools/test/main.ts',
  check: 'tools/check/main.ts',
  build: 'tools/build/main.ts',
  docs: 'tools/docs/main.ts',
  'docs:generate': 'tools/generate-docs.ts',
  bench: 'bench/main.ts',
  'test-vcenter': 'tools/test-vcenter/main.ts',
};

const [name = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(programs, name)) {
  process.stderr.write(`usage: node tools/run.mjs ${Object.keys(programs).join('|')} [arguments]\n`);
  process.exit(2);
}
const program = path.join(root, programs[name]);
if (!existsSync(program)) {
  process.stderr.write(`"${name}" is not part of this checkout: ${programs[name]} does not exist.\n`);
  process.exit(2);
}
const environment = {
  ...process.env,
  ...writableHome(),
  PATH: `${binFolder}${path.delimiter}${process.env.PATH ?? ''}`,
};
if (existsSync(lockFile) || !isInstalled()) await underLock(install);
if (needsAddon()) await underLock(buildAddon);
process.exitCode = await run(nodeProgram, [...flags, program, ...args], {
  stdio: 'inherit',
  env: environment,
});

/** Installed means: pnpm's record of what it put into node_modules is the lock file of this checkout. */
function isInstalled() {
  try {
    const wanted = readFileSync(path.join(root, 'pnpm-lock.yaml'));
    const present = readFileSync(path.join(root, 'node_modules', '.pnpm', 'lock.yaml'));
    return wanted.equals(present) && existsSync(nodeProgram);
  } catch {
    return false;
  }
}

/** Installs the workspace; `repair` says that an earlier install may be half done although it looks complete. */
async function install(repair) {
  if (isInstalled() && !repair) return;
  const { packageManager } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  process.stderr.write(
    `Installing the workspace with ${packageManager} (first start, or the lock file changed) ...\n`,
  );
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  // In CI only what went wrong is worth a line of the log.
  const brief = process.env.CI === 'true' ? ['--loglevel=error'] : [];
  const code = await run(npx, ['-y', packageManager, 'install', '--frozen-lockfile', ...brief], {
    // Standard output belongs to the program that is started afterwards (--json), so pnpm writes to standard error.
    stdio: ['ignore', process.stderr, process.stderr],
    cwd: root,
    // npm runs on the Node it came with: the one in node_modules may not know this machine's certificates.
    env: { ...environment, CI: 'true', PATH: process.env.PATH },
  });
  if (code === 0 && isInstalled()) return;
  process.stderr.write(
    `Installing failed (exit code ${code}); the messages above say why. Nothing was started.\n`,
  );
  // The lock stays behind: the next start sees that its owner died and installs again.
  process.exit(code || 1);
}

/**
 * Whether the native part is to be built: cargo is there, and the sources are newer than the last attempt. One that failed
 * is repeated by the scripts that are about building.
 */
function needsAddon() {
  if (process.env.SENDENSE_NATIVE === 'off' || name.startsWith('docs')) return false;
  if (!environment.PATH.split(path.delimiter).some((folder) => existsSync(path.join(folder, 'cargo'))))
    return false;
  const attempt = path.join(root, 'node_modules', '.cache', 'blockio-native', 'attempt');
  try {
    const failed = readFileSync(attempt, 'utf8') !== 'built';
    if (failed && ['build', 'check', 'test'].includes(name)) return true;
    return newest(nativeFolder) > statSync(attempt).mtimeMs || !(failed || hasAddon());
  } catch {
    return true;
  }
}

function newest(folder) {
  const files = ['Cargo.toml', 'Cargo.lock', ...readdirSync(path.join(folder, 'rust'), { recursive: true })];
  const times = files.map(
    (file, index) => statSync(path.join(folder, index < 2 ? '' : 'rust', file)).mtimeMs,
  );
  return Math.max(...times);
}

function hasAddon() {
  const platforms = path.join(nativeFolder, 'npm');
  return readdirSync(platforms).some((at) => existsSync(path.join(platforms, at, 'blockio-native.node')));
}

/** Builds the native part. Without it everything works, more slowly: the program is started all the same. */
async function buildAddon() {
  if (!needsAddon()) return;
  process.stderr.write('Building the native driver with cargo (first start, or its sources changed) ...\n');
  const code = await run(nodeProgram, [...flags, path.join(root, 'tools', 'build', 'build-addon.ts')], {
    stdio: ['ignore', process.stderr, process.stderr],
    env: environment,
  });
  if (code !== 0)
    process.stderr.write(
      'The native driver could not be built; the messages above say why. Going on without it.\n',
    );
}

/** Runs the action while no other start runs it; tells it whether an earlier one died in the middle. */
async function underLock(action) {
  mkdirSync(path.dirname(lockFile), { recursive: true });
  let repair = false;
  for (let told = false; !tryLock(); ) {
    if (!isHeld()) {
      repair = true;
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!told)
      process.stderr.write('Another start is installing the workspace or building; waiting for it ...\n');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const heartbeat = setInterval(() => utimesSync(lockFile, new Date(), new Date()), 1000);
  await action(repair);
  clearInterval(heartbeat);
  rmSync(lockFile, { force: true });
}

function tryLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

/** A lock is held while its owner lives and touches it; a process id alone may have been given to somebody else. */
function isHeld() {
  try {
    if (Date.now() - statSync(lockFile).mtimeMs > 15_000) return false;
    const owner = Number(readFileSync(lockFile, 'utf8'));
    if (owner > 0) process.kill(owner, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM' || error.code === 'ENOENT';
  }
}

/** npm and pnpm keep their caches below HOME; without a usable one they get a folder of this checkout. */
function writableHome() {
  try {
    accessSync(process.env.HOME || os.userInfo().homedir, constants.W_OK);
    return process.env.HOME ? {} : { HOME: os.userInfo().homedir };
  } catch {
    const home = path.join(root, '.cache', 'home');
    mkdirSync(home, { recursive: true });
    return { HOME: home };
  }
}

/** Runs a program to its end and resolves to its exit code; 128 + n when signal n ended it. */
function run(command, commandArgs, options) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArgs, options);
    const sent = new Set();
    const forward = (signal) => {
      // A terminal sends Ctrl-C to the whole foreground group, npm repeats it: the child must see it once.
      if (sent.has(signal) || (signal === 'SIGINT' && isTerminalForeground())) return;
      sent.add(signal);
      child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const finish = (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(code);
    };
    child.once('error', (error) => {
      process.stderr.write(`Cannot start ${command}: ${error.message}\n`);
      finish(127);
    });
    child.once('exit', (code, signal) => finish(code ?? 128 + os.constants.signals[signal]));
  });
}

/** Whether this process belongs to the group that its terminal sends Ctrl-C to (Linux: fields 5 and 8 of stat). */
function isTerminalForeground() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').pop().split(' ');
    return fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY === true;
  }
}
