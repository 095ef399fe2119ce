import type { Finding } from '@sendense/core';
import { TargetFolder } from '@sendense/plugin-kit/files';
import { statusOf } from '../chain/open-chain.ts';
import type { DiskImage } from '../disk-image.ts';
import type { ConverterContext } from './context.ts';
import { type ConversionJournal, readJournal, refuseStranger, writeJournal } from './conversion-journal.ts';
import { lockTarget } from './conversion-lock.ts';
import type { TargetPlan } from './target-plan.ts';

/**
 * Where a target is written before it gets its name. With `resume` the folder has a fixed name and a journal, and outlives a
 * failure.
 */
export class ConversionFolder implements AsyncDisposable {
  /** The image, while it is unfinished. */
  readonly image: string;
  /** What an earlier attempt made durable, from the start of the disk. */
  readonly doneBytes: number;
  readonly findings: readonly Finding[];
  readonly #context: ConverterContext;
  readonly #files: TargetFolder;
  readonly #journal: ConversionJournal;
  readonly #lock: AsyncDisposable | undefined;
  #isFinished = false;

  private constructor(
    context: ConverterContext,
    files: TargetFolder,
    journal: ConversionJournal,
    findings: readonly Finding[],
    lock: AsyncDisposable | undefined,
  ) {
    this.#context = context;
    this.#files = files;
    this.#journal = journal;
    this.#lock = lock;
    this.image = files.file;
    this.doneBytes = journal.doneBytes;
    this.findings = findings;
  }

  /** Makes the folder, or goes on with the one that is there. Rejects with `LOCKED` when another conversion uses it. */
  static async begin(
    context: ConverterContext,
    target: string,
    plan: TargetPlan,
    source: DiskImage,
  ): Promise<ConversionFolder> {
    const { fileSystem, random, options } = context;
    const suffix = options.resume ? '.partial' : `.partial-${random.uuid()}`;
    const files = new TargetFolder(fileSystem, target, suffix);
    const lock = options.resume ? await lockTarget(context, target) : undefined;
    try {
      const fresh = await journalOf(context, plan, source);
      const left = options.resume ? await readJournal(fileSystem, files.path) : undefined;
      if (left === undefined) await refuseStranger(fileSystem, files.path);
      const { doneBytes, findings } = await whatIsLeft(context, files, target, fresh, left);
      await files.make();
      if (doneBytes === 0) await files.empty();
      const folder = new ConversionFolder(context, files, { ...fresh, doneBytes }, findings, lock);
      await folder.note(doneBytes);
      return folder;
    } catch (error) {
      await lock?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Notes that everything up to `doneBytes` is durable. */
  async note(doneBytes: number): Promise<void> {
    if (!this.#context.options.resume) return;
    await writeJournal(this.#context.fileSystem, this.#files.path, { ...this.#journal, doneBytes });
  }

  /** Gives the finished, durable files their names, see `TargetFolder.publish`; resolves with the bytes of all files. */
  async publish(overwrite: boolean, kept: ReadonlySet<string>): Promise<number> {
    const sizeBytes = await this.#files.publish(overwrite, kept);
    this.#isFinished = true;
    return sizeBytes;
  }

  /** Removes what is unfinished, unless it is kept to go on with. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#isFinished || !this.#context.options.resume) await this.#files.remove();
    } finally {
      await this.#lock?.[Symbol.asyncDispose]();
    }
  }
}

async function journalOf(
  { fileSystem }: ConverterContext,
  { format, subformat, sizeBytes }: TargetPlan,
  source: DiskImage,
): Promise<ConversionJournal> {
  const files = [];
  for (const path of source.allFiles) {
    const { kind, identity, sizeBytes: fileBytes, modifiedMs } = await statusOf(path, fileSystem);
    files.push({ path, kind, identity, sizeBytes: fileBytes, modifiedMs });
  }
  const from = { format: source.info.format, sizeBytes: source.sizeBytes, files };
  const target = { format, subformat: subformat ?? null, sizeBytes };
  return { schema: 2, source: from, target, doneBytes: 0 };
}

type Left = { readonly doneBytes: number; readonly findings: readonly Finding[] };

/** How far an earlier attempt came, and why it does not count where it does not. */
async function whatIsLeft(
  { fileSystem }: ConverterContext,
  files: TargetFolder,
  target: string,
  now: ConversionJournal,
  left: ConversionJournal | undefined,
): Promise<Left> {
  if (left === undefined) return { doneBytes: 0, findings: [] };
  const again = (why: string): Left => {
    const message = `the earlier conversion to ${target} was begun again: ${why}`;
    return { doneBytes: 0, findings: [{ severity: 'info', code: 'conversion-restarted', message }] };
  };
  if (now.source.files.some(({ kind }) => kind === 'device'))
    return again('what changes on a block device leaves no trace');
  if (JSON.stringify(left.source) !== JSON.stringify(now.source)) return again('the source has changed');
  if (JSON.stringify(left.target) !== JSON.stringify(now.target))
    return again('another target was asked for');
  if (now.target.format !== 'raw') return again(`${now.target.format} files are made in one pass`);
  const { doneBytes } = left;
  const there = await fileSystem.stat(files.file);
  if (doneBytes === 0 || there?.sizeBytes !== now.target.sizeBytes) return again('nothing of it was kept');
  const message = `the earlier conversion went on: the first ${doneBytes} bytes were kept`;
  return { doneBytes, findings: [{ severity: 'info', code: 'conversion-resumed', message }] };
}
