import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { unpackedPrograms } from '@sendense/tests/unpacked-packages';
import { root } from '../../tools/workspace.ts';
import type { Workbench } from '../workbench.ts';

const GIB = 2 ** 30;

/** Where results were measured. Results of another machine are not kept beside new ones. */
export type MachineDescription = {
  readonly cpu: string;
  readonly cores: number;
  /** To the whole GiB: what the kernel keeps for itself differs from start to start. */
  readonly memoryBytes: number;
  /** Its version, without the name of the build. */
  readonly kernel: string;
  readonly system: string;
};

/** What this machine is. */
export function describeMachine(): MachineDescription {
  const [first] = os.cpus();
  return {
    cpu: first?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: Math.round(os.totalmem() / GIB) * GIB,
    kernel: /^[\d.]+/.exec(os.release())?.[0] ?? os.release(),
    system: systemName(),
  };
}

function systemName(): string {
  try {
    const [, name] = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
    return name ?? os.type();
  } catch {
    return os.type();
  }
}

type Check = { readonly name: string; readonly detail: string };

/** Programs that rows use, and how each tells its version. */
const PROGRAMS = [
  ['qemu-img', '--version'],
  ['qemu-system-x86_64', '--version'],
  ['nbdcopy', '--version'],
  ['libvirtd', '--version'],
  ['virtnbdbackup', '--version'],
  ['restic', 'version'],
] as const;

/** Versions of ours, whether native code moves the bytes, and of every peer that is here, as each prints it. */
export async function findVersions(bench: Workbench): Promise<Record<string, string>> {
  await using folder = await bench.folder('memory');
  const { checks } = (await bench.ctlJson(folder.path, 'doctor')) as { checks: readonly Check[] };
  const addon = checks.find(({ name }) => name === 'native-addon');
  const { version } = JSON.parse(readFileSync(path.join(root, 'packages/cli/package.json'), 'utf8')) as {
    version: string;
  };
  const peers = PROGRAMS.flatMap(([program, flag]) => {
    const { status, stdout } = spawnSync(program, [flag], { encoding: 'utf8', env: whereFound(program) });
    const [line = ''] = (stdout ?? '').split('\n');
    return status === 0 ? [[program, line.trim()] as const] : [];
  });
  return {
    sendense: version,
    native: addon?.detail ?? 'unknown',
    node: process.version,
    ...Object.fromEntries(peers),
  };
}

/** Unpacked programs come first, as for the rows. */
function whereFound(program: string): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${unpackedPrograms(program)}:${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
}
