import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LibvirtDaemon } from '../libvirt/index.ts';
import { unpackedFolder } from '../unpacked-packages.ts';

const SCRIPT = fileURLToPath(new URL('./restricted-libvirt.sh', import.meta.url));
/** libvirt asks QEMU for its abilities once, for seconds; see `startLibvirt`. */
const CACHE = join(tmpdir(), 'sendense-tests-libvirt-cache-system');
const START_TIMEOUT_MS = 60_000;

/** The user and group of QEMU in it: Debian's number of `libvirt-qemu`. */
export const LIBVIRT_QEMU = 64_055;

/** A libvirt whose access driver asks polkit for each right of each client. */
export interface RestrictedLibvirt extends LibvirtDaemon {
  /** The rights that the user `libvirt-qemu` was asked for until now, sorted, without the prefix `org.libvirt.api.`. */
  asked(): Promise<readonly string[]>;
}

/** polkit's rules: root has every right, `libvirt-qemu` has `rights`, of domains only for `domain`, and others have none. */
function rulesOf(domain: string, rights: readonly string[]): string {
  return `polkit.addRule(function (action, subject) {
  var right = action.id.replace('org.libvirt.api.', '');
  if (right === action.id) return polkit.Result.NOT_HANDLED;
  if (subject.user === 'root') return polkit.Result.YES;
  if (subject.user !== 'libvirt-qemu') return polkit.Result.NO;
  polkit.log('ASKED ' + right);
  var granted = ${JSON.stringify(rights)}.indexOf(right) !== -1;
  var ours = right.indexOf('domain.') !== 0 || action.lookup('domain_name') === ${JSON.stringify(domain)};
  return granted && ours ? polkit.Result.YES : polkit.Result.NO;
});
`;
}

/** Starts a libvirt in which the user `libvirt-qemu` has only `rights`, of the domain with this name. Needs root. */
export async function startRestrictedLibvirt(
  domain: string,
  rights: readonly string[],
): Promise<RestrictedLibvirt> {
  const folder = await mkdtemp(join(tmpdir(), 'lr-'));
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'rules'));
  await writeFile(join(folder, 'rules', '10-test.rules'), rulesOf(domain, rights));
  const actions = join(unpackedFolder('libvirt-policy'), 'usr/share/polkit-1/actions');
  await mkdir(CACHE, { recursive: true });
  const args = ['--mount', '--propagation', 'private', 'sh', SCRIPT, folder, actions, CACHE];
  const daemon = execa('unshare', args, { stdin: 'pipe', all: true, reject: false });
  const uri = `qemu:///system?socket=${join(folder, 'run', 'libvirt-sock')}`;
  const run = async (words: readonly string[], input = '') =>
    await execa('virsh', ['-q', '-c', uri, ...words], {
      env: { LC_ALL: 'C' },
      ...(input === '' ? { stdin: 'ignore' as const } : { input }),
    });
  const log = async (name: string) => await readFile(join(folder, name), 'utf8').catch(() => '');
  const stop = async () => {
    const { stdout } = await run(['list', '--name']).catch(() => ({ stdout: '' }));
    for (const name of stdout.split('\n').filter((line) => line !== '')) await run(['destroy', name]);
    daemon.stdin.end();
    await daemon;
    await rm(folder, { recursive: true, force: true });
  };
  const own = async (path: string) => await chown(path, LIBVIRT_QEMU, LIBVIRT_QEMU);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while ((await run(['version']).catch(() => undefined)) === undefined) {
    if (performance.now() > deadline) {
      const said = (await log('libvirtd.log')) + (await log('polkitd.log')) + (await log('bus.log'));
      await stop();
      throw new Error(`the restricted libvirt does not answer: ${said.slice(-3000)}`);
    }
    await delay(50);
  }
  return {
    uri,
    folder,
    own,
    makeFolder: async (name) => {
      const path = join(folder, name);
      await mkdir(path, { recursive: true });
      await own(path);
      return path;
    },
    virsh: async (...words) => (await run(words)).stdout,
    virshLines: async (lines) => (await run([], `${lines.join('\n')}\n`)).stdout,
    asked: async () =>
      [
        ...new Set(
          [...(await log('polkitd.log')).matchAll(/ASKED (\S+)/g)].flatMap(([, right]) => right ?? []),
        ),
      ].sort(),
    [Symbol.asyncDispose]: stop,
  };
}
