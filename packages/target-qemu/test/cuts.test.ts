import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Artifact,
  guardTarget,
  isRestoreGone,
  type RestoreRequest,
  SendenseError,
} from '@sendense/core';
import { parseDomain } from '@sendense/platform-kvm/domain';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { createQemuTarget } from '@sendense/target-qemu';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeLibvirt } from './fake-libvirt.ts';
import { bootRequest, Journal, planOf, restoreBoot } from './live-host.ts';

let root: string;
let folder: string;
let libvirt: FakeLibvirt;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sendense-target-'));
  folder = join(root, 'images');
  await mkdir(folder);
  libvirt = new FakeLibvirt();
});
afterEach(() => rm(root, { recursive: true }));

const bytes = new TextEncoder().encode('variables of the old machine');
const nvram: Artifact = { name: 'nvram', sensitive: true, sizeBytes: bytes.length, bytes: async () => bytes };

function uefi(given: Partial<RestoreRequest> = {}): RestoreRequest {
  const request = bootRequest(1, { start: true, artifacts: [nvram], ...given }, 65_536);
  return { ...request, spec: { ...request.spec, firmware: 'uefi' } };
}

const ended = () => new SendenseError('CONNECTION_LOST', 'the process ended here', { operation: 'test' });

/** Counts changes of files, commands of libvirt and saves; from number `at` on all fail, as for a process that died. */
class Death {
  steps = 0;
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  step(): void {
    if (this.steps++ >= this.#at) throw ended();
  }

  files(): typeof nodeFileSystem {
    const dying =
      <Args extends readonly unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        this.step();
        return await work(...args);
      };
    return {
      ...nodeFileSystem,
      open: dying((path, mode) => nodeFileSystem.open(path, mode)),
      rename: dying((from, to) => nodeFileSystem.rename(from, to)),
      link: dying((from, to) => nodeFileSystem.link(from, to)),
      unlink: dying((path) => nodeFileSystem.unlink(path)),
      syncDirectory: dying((path) => nodeFileSystem.syncDirectory(path)),
    };
  }
}

const open = (death: Death) => {
  libvirt.before = () => death.step();
  return guardTarget(
    createQemuTarget(
      { name: 'web', folder },
      { virsh: libvirt.open(), temporaryDirectory: root, fileSystem: death.files() },
    ),
  );
};

class DyingJournal extends Journal {
  readonly #death: Death;
  constructor(death: Death) {
    super();
    this.#death = death;
  }
  override run(artifacts: readonly Artifact[] = []) {
    const run = super.run(artifacts);
    const save: typeof run.save = async (state) => {
      this.#death.step();
      await run.save(state);
    };
    return { ...run, save };
  }
}

const NEVER = Number.POSITIVE_INFINITY;

/** Runs a restore that dies at step `at`; gives what is kept of it, and whether it lived to its end. */
async function restoreUntil(at: number, request: RestoreRequest) {
  const plan = await planOf(open(new Death(NEVER)), request);
  const death = new Death(at);
  const journal = new DyingJournal(death);
  const finished = await restoreBoot(open(death), plan, journal, [nvram]).then(
    () => true,
    (error: unknown) => {
      expect(SendenseError.is(error)).toBe(true);
      return false;
    },
  );
  const kept = new Journal();
  kept.saved = journal.saved;
  return { plan, journal: kept, finished, later: open(new Death(NEVER)) };
}

const objects = async (): Promise<readonly string[]> => [
  ...(await readdir(folder)),
  ...(await readdir(root)).filter((name) => name !== 'images'),
  ...libvirt.domains.keys(),
];

async function startOver(): Promise<void> {
  libvirt.domains.clear();
  for (const name of await readdir(folder)) await rm(join(folder, name));
}

describe('a restore that dies at any step', () => {
  it('is whole when it is resumed', async () => {
    let cuts = 0;
    for (let at = 0, isFinished = false; !isFinished; at++, await startOver()) {
      const { plan, journal, finished, later } = await restoreUntil(at, uefi());
      isFinished = finished;
      if (journal.saved === undefined) {
        expect(await objects()).toEqual([]);
        continue;
      }
      cuts++;
      // What was begun and not made is begun anew, as the engine does.
      const { machine } = await restoreBoot(later, plan, journal, [nvram]).catch(async (error: unknown) => {
        if (!isRestoreGone(error, plan.id)) throw error;
        return await restoreBoot(later, plan, new Journal(), [nvram]);
      });
      const made = libvirt.domains.get(machine?.id ?? '');
      expect(made?.state, `cut ${at}`).toBe('running');
      const path = parseDomain(made?.xml ?? '').firmware.nvram?.path ?? '';
      expect(await readFile(path, 'utf8')).toBe('variables of the old machine');
      expect((await objects()).length, `cut ${at}`).toBe(3);
    }
    expect(cuts).toBeGreaterThan(20);
  });

  it('leaves nothing when it is rolled back, unless it was complete', async () => {
    for (let at = 0, isFinished = false; !isFinished; at++, await startOver()) {
      const { plan, journal, finished, later } = await restoreUntil(at, uefi());
      isFinished = finished;
      if (journal.saved !== undefined) {
        await using writer = await later.begin(plan, { ...journal.run([nvram]), undo: true });
        const report = await writer.rollback();
        expect(report.undone, `cut ${at}`).toBe(report.findings.length === 0);
        if (report.findings.some(({ code }) => code === 'restored-machine-stays')) {
          expect(finished || libvirt.domains.size === 1).toBe(true);
          continue;
        }
      }
      expect(await objects(), `cut ${at}`).toEqual([]);
    }
  });

  it('gives back the definition that it replaced when it is rolled back, and keeps the disks it cannot give back', async () => {
    const before = await restoreBoot(
      open(new Death(NEVER)),
      await planOf(open(new Death(NEVER)), uefi()),
      new Journal(),
      [nvram],
    );
    const uuid = before.machine?.id ?? '';
    const old = { xml: libvirt.domains.get(uuid)?.xml ?? '', state: 'shut off' };
    const told = new Set<string>();
    for (let at = 0, isFinished = false; !isFinished; at++) {
      libvirt.domains.set(uuid, { ...old });
      const { plan, journal, finished, later } = await restoreUntil(at, uefi({ overwrite: true }));
      isFinished = finished;
      if (journal.saved === undefined || finished) continue;
      await using writer = await later.begin(plan, { ...journal.run([nvram]), undo: true });
      const report = await writer.rollback();
      if (report.findings.some(({ code }) => code === 'restored-machine-stays')) continue;
      for (const { code } of report.findings) told.add(code);
      expect(libvirt.domains.get(uuid), `cut ${at}`).toEqual(old);
      expect(await readdir(folder)).toHaveLength(2);
    }
    expect(told).toEqual(new Set(['restored-file-stays', 'passwords-lost']));
  });
});
