import { dirname } from 'node:path';
import type { Finding } from '@sendense/core';
import { TargetFolder } from '@sendense/plugin-kit/files';
import { flatExtentPath } from '../vmdk/flat-extent-path.ts';
import type { WriterCheckpoint } from '../writer-checkpoint.ts';
import type { ConverterContext } from './context.ts';
import { type ConversionJournal, readJournal, refuseStranger, writeJournal } from './conversion-journal.ts';
import { type FileMark, markOf } from './file-mark.ts';
import type { TargetPlan } from './target-plan.ts';

const NOTHING: WriterCheckpoint = { doneBytes: 0, fileBytes: 0 };

/** What tells the folder of a conversion that may be resumed from its target. */
export const RESUMABLE_SUFFIX = '.partial';

/**
 * Where a target is written before it gets its name. With `resume` the folder has a fixed name and a journal, and outlives a
 * failure.
 */
export class ConversionFolder implements AsyncDisposable {
  /** The image, while it is unfinished. */
  readonly image: string;
  /** What an earlier attempt made durable. */
  readonly checkpoint: WriterCheckpoint;
  readonly findings: readonly Finding[];
  readonly #context: ConverterContext;
  readonly #files: TargetFolder;
  #journal: ConversionJournal;
  #isFinished = false;

  private constructor(
    context: ConverterContext,
    files: TargetFolder,
    journal: ConversionJournal,
    findings: readonly Finding[],
  ) {
    this.#context = context;
    this.#files = files;
    this.#journal = journal;
    this.image = files.file;
    this.checkpoint = { doneBytes: journal.doneBytes, fileBytes: journal.fileBytes };
    this.findings = findings;
  }

  /** Makes the folder, or goes on with the one that is there. With `resume` the caller holds the lock of the target. */
  static async begin(
    context: ConverterContext,
    target: string,
    plan: TargetPlan,
    source: ConversionJournal['source'],
  ): Promise<ConversionFolder> {
    const { fileSystem, random, options } = context;
    const suffix = options.resume ? RESUMABLE_SUFFIX : `.partial-${random.uuid()}`;
    const files = new TargetFolder(fileSystem, target, suffix);
    const fresh = journalOf(plan, source);
    const left = options.resume ? await readJournal(fileSystem, files.path) : undefined;
    if (left === undefined) await refuseStranger(fileSystem, files.path);
    const { checkpoint, findings } = await whatIsLeft(context, { files, target, plan }, fresh, left);
    await files.make();
    if (checkpoint.doneBytes === 0) await files.empty();
    const folder = new ConversionFolder(context, files, { ...fresh, ...checkpoint }, findings);
    await folder.note(checkpoint);
    // A journal in a folder that a power failure takes away says nothing.
    if (options.resume) await fileSystem.syncDirectory(dirname(target));
    return folder;
  }

  /** Notes what is durable. */
  async note(change: WriterCheckpoint | { readonly publishing: FileMark[] }): Promise<void> {
    if (!this.#context.options.resume) return;
    this.#journal = { ...this.#journal, ...change };
    await writeJournal(this.#context.fileSystem, this.#files.path, this.#journal);
  }

  /** Gives the finished, durable files their names, see `TargetFolder.publish`; resolves with the bytes of all files. */
  async publish(overwrite: boolean, kept: ReadonlySet<string>): Promise<number> {
    const { fileSystem } = this.#context;
    const moves = await this.#files.moves();
    // One file has its name or has it not.
    if (moves.length > 1)
      await this.note({
        publishing: await Promise.all(moves.map(({ from, to }) => markOf(fileSystem, to, from))),
      });
    const sizeBytes = await this.#files.publish(overwrite, kept);
    this.#isFinished = true;
    return sizeBytes;
  }

  /** Removes what is unfinished, unless it is kept to go on with. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isFinished || !this.#context.options.resume) await this.#files.remove();
  }
}

function journalOf(
  { format, subformat, sizeBytes }: TargetPlan,
  source: ConversionJournal['source'],
): ConversionJournal {
  const target = { format, subformat: subformat ?? null, sizeBytes };
  return { schema: 4, source, target, ...NOTHING, publishing: [] };
}

type Left = { readonly checkpoint: WriterCheckpoint; readonly findings: readonly Finding[] };

/** How far an earlier attempt came, and why it does not count where it does not. */
async function whatIsLeft(
  { fileSystem }: ConverterContext,
  {
    files,
    target,
    plan,
  }: { readonly files: TargetFolder; readonly target: string; readonly plan: TargetPlan },
  now: ConversionJournal,
  left: ConversionJournal | undefined,
): Promise<Left> {
  if (left === undefined) return { checkpoint: NOTHING, findings: [] };
  const again = (why: string): Left => {
    const message = `the earlier conversion to ${target} was begun again: ${why}`;
    return { checkpoint: NOTHING, findings: [{ severity: 'info', code: 'conversion-restarted', message }] };
  };
  if (now.source.files.some(({ kind }) => kind === 'device'))
    return again('what changes on a block device leaves no trace');
  if (JSON.stringify(left.source) !== JSON.stringify(now.source)) return again('the source has changed');
  if (JSON.stringify(left.target) !== JSON.stringify(now.target))
    return again('another target was asked for');
  const { doneBytes, fileBytes } = left;
  const path = plan.subformat === 'monolithicFlat' ? flatExtentPath(files.file) : files.file;
  const there = await fileSystem.stat(path);
  if (doneBytes === 0 || there === undefined || there.sizeBytes < fileBytes)
    return again('nothing of it was kept');
  const message = `the earlier conversion went on: the first ${doneBytes} bytes were kept`;
  return {
    checkpoint: { doneBytes, fileBytes },
    findings: [{ severity: 'info', code: 'conversion-resumed', message }],
  };
}
