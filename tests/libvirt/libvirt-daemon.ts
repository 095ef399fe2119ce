import { randomUUID } from 'node:crypto';
import { chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** Whom libvirtd and QEMU run as: `nobody` when the tests run as root, so that nothing works by accident of rights. */
const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0;

/** libvirtd asks QEMU for its abilities once (seconds); every daemon of the tests reads the same answers. */
const CACHE = join(tmpdir(), `sendense-tests-libvirt-cache-${process.getuid?.() ?? 0}`);

const START_TIMEOUT_MS = 60_000;

/** A libvirt daemon of the test's own: private sockets, settings and domains. Disposing ends it and its domains. */
export interface LibvirtDaemon extends AsyncDisposable {
  /** The connection URI. */
  readonly uri: string;
  /** A folder that the daemon and its QEMUs can write to. */
  readonly folder: string;
  /** Runs one virsh with these arguments and gives what it printed; rejects with what it complained of. */
  virsh(...args: readonly string[]): Promise<string>;
  /** Runs many commands in one virsh, one a line; rejects when any fails. */
  virshLines(lines: readonly string[]): Promise<string>;
  /** Makes a file or folder the daemon's own. */
  own(path: string): Promise<void>;
  /** Makes a folder of the daemon's own in its folder; resolves with its path. */
  makeFolder(name: string): Promise<string>;
}

async function own(path: string): Promise<void> {
  if (asRoot) await chown(path, NOBODY, NOBODY);
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  await own(path);
  return path;
}

/** Writes the settings of a session daemon below `folder`: no virtlogd, a socket of our own. */
async function settle(folder: string): Promise<NodeJS.ProcessEnv> {
  const config = await makeFolder(join(folder, 'c'));
  await makeFolder(join(config, 'libvirt'));
  await writeFile(join(config, 'libvirt', 'qemu.conf'), 'stdio_handler = "file"\n');
  const settings = [
    `unix_sock_dir = "${join(folder, 'run')}"`,
    `host_uuid = "${randomUUID()}"`, // a host of its own: domains can migrate from one daemon to another
  ];
  await writeFile(join(config, 'libvirt', 'libvirtd.conf'), `${settings.join('\n')}\n`);
  return {
    PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
    LC_ALL: 'C',
    HOME: await makeFolder(join(folder, 'home')),
    XDG_RUNTIME_DIR: await makeFolder(join(folder, 'run')),
    XDG_CONFIG_HOME: config,
    XDG_DATA_HOME: await makeFolder(join(folder, 'data')),
    XDG_CACHE_HOME: await makeFolder(CACHE),
  };
}

/** The processes of domains that `destroy` did not reach. */
async function leftPids(folder: string): Promise<number[]> {
  const runs = join(folder, 'run', 'libvirt', 'qemu', 'run');
  const names = await readdir(runs).catch(() => []);
  const files = names
    .filter((name) => name.endsWith('.pid'))
    .map((name) => readFile(join(runs, name), 'utf8'));
  return (await Promise.all(files)).map(Number).filter((pid) => pid > 1);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself
  }
}

/** Resolves when `ask` succeeds; with a sentence when it does not in time. */
async function answers(ask: () => Promise<unknown>): Promise<string | undefined> {
  for (const deadline = performance.now() + START_TIMEOUT_MS; performance.now() < deadline; ) {
    const answered = await ask().then(
      () => true,
      () => false,
    );
    if (answered) return undefined;
    await sleep(50);
  }
  return 'libvirtd does not answer';
}

/** Starts a libvirtd of QEMU domains and waits until it answers; rejects with its log when it ends before that. */
export async function startLibvirt(): Promise<LibvirtDaemon> {
  const folder = await mkdtemp(join(tmpdir(), 'lv-'));
  await own(folder);
  const env = await settle(folder);
  const child = execa('libvirtd', ['-f', join(folder, 'c', 'libvirt', 'libvirtd.conf')], {
    env,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  let running = true;
  void child.then(() => (running = false));
  const uri = `qemu:///session?socket=${join(folder, 'run', 'libvirt-sock')}`;
  const run = async (args: readonly string[], input = '') => {
    const options = { env: { LC_ALL: 'C' }, ...(input === '' ? { stdin: 'ignore' as const } : { input }) };
    return await execa('virsh', ['-q', '-c', uri, ...args], options);
  };
  const stop = async (): Promise<void> => {
    const { stdout } = await run(['list', '--name']).catch(() => ({ stdout: '' }));
    for (const name of stdout.split('\n').filter((line) => line !== '')) {
      await run(['destroy', name]).catch(() => undefined); // its process is ended below
    }
    const alive = running;
    child.kill('SIGTERM');
    const { all, signal } = await child;
    if (!alive) process.stderr.write(`libvirtd ended during the test (${signal}): ${all.slice(-2000)}\n`);
    for (const pid of await leftPids(folder)) endProcess(pid);
    await rm(folder, { recursive: true, force: true });
  };
  const ended = child.then(({ all, exitCode }) => `libvirtd ended (${exitCode}): ${all}`);
  const failed = await Promise.race([ended, answers(() => run(['version']))]);
  if (failed !== undefined) {
    await stop();
    throw new Error(failed);
  }
  return {
    uri,
    folder,
    own,
    makeFolder: (name) => makeFolder(join(folder, name)),
    virsh: async (...args) => (await run(args)).stdout,
    virshLines: async (lines) => {
      const { stdout, stderr } = await run([], `${lines.join('\n')}\n`);
      if (stderr !== '') throw new Error(stderr);
      return stdout;
    },
    [Symbol.asyncDispose]: stop,
  };
}
