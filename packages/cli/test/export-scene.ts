import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { ctlJson } from './run-ctl.ts';
import { makeDisk } from './sample-disk.ts';

/** The flags of the repository that holds the point. */
export const repository = ['--repository', 'backups'];

type Export = {
  readonly name: string;
  readonly uri: string;
  readonly writable: boolean;
  readonly sizeBytes: number;
};

/** The exports that a verb told. */
export const exportsOf = (json: Record<string, unknown>) => json.exports as readonly Export[];

/** For each test a home of the command line with a point of `disk.raw`, 4 MiB; its exports are removed at the end. */
export class ExportScene {
  home = '';
  point = '';

  /** What the service keeps its files in. */
  get directory(): string {
    return join(this.home, '.local/state/sendense/exports');
  }

  /** The verb that adds the point. */
  get ofPoint(): readonly string[] {
    return ['export', 'add', ...repository, '--backup-id', this.point];
  }

  async listed() {
    return exportsOf(await ctlJson(this.home, ['export', 'list']));
  }

  async open(): Promise<void> {
    this.home = await mkdtemp(join(tmpdir(), 'sendense-x-'));
    await makeDisk(join(this.home, 'disk.raw'), 4 << 20);
    await ctlJson(this.home, ['repository', 'init', ...repository]);
    const start = ['backup', 'start', '--source', 'image:disk.raw', ...repository];
    this.point = String((await ctlJson(this.home, start)).pointId);
  }

  async close(): Promise<void> {
    for (const { name } of await this.listed()) await ctlJson(this.home, ['export', 'remove', name]);
    await rm(this.home, { recursive: true, force: true });
  }
}

/** A scene that is opened before each test of a file and closed after it. */
export function useExportScene(): ExportScene {
  const scene = new ExportScene();
  beforeEach(() => scene.open());
  afterEach(() => scene.close());
  return scene;
}
