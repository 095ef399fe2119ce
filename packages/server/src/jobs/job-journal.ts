import type { Fence, Journal, Json, LogSink } from '@sendense/core';
import { JOB_PREFIX, type JobRecord, jobRecordSchema } from './job-record.ts';

/** The jobs of this server in the journal of its host. */
export class JobJournal {
  readonly #journal: Journal;
  readonly #fence: Fence;
  readonly #revisions = new Map<string, number>();
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(journal: Journal, fence: Fence) {
    this.#journal = journal;
    this.#fence = fence;
  }

  /** All jobs, oldest first. One that cannot be read is logged, stays where it is, and holds up no other. */
  async load(log: LogSink): Promise<JobRecord[]> {
    const records: JobRecord[] = [];
    for await (const key of this.#journal.list(JOB_PREFIX)) {
      const entry = await this.#journal.read(key);
      if (entry === undefined) continue;
      const parsed = jobRecordSchema.safeParse(entry.value);
      if (!parsed.success) {
        log({
          level: 'error',
          message: `the job record ${key} is damaged, or of a newer version`,
          fields: { key },
        });
        continue;
      }
      this.#revisions.set(parsed.data.id, entry.revision);
      records.push(parsed.data);
    }
    return records.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  }

  /** Durable when it resolves. Writes of one job are done in the order of the calls, each with the state of its call. */
  write(record: JobRecord): Promise<void> {
    const value = JSON.parse(JSON.stringify(record)) as Json;
    return this.#inTurn(record.id, () => this.#put(record.id, value));
  }

  /**
   * Removes a job whose first write was rejected: the journal may have it all the same. Rejects as the journal does; whether it has the
   * job is not known then.
   */
  takeBack(id: string): Promise<void> {
    const key = JOB_PREFIX + id;
    return this.#inTurn(id, async () => {
      const entry = await this.#journal.read(key);
      if (entry !== undefined) await this.#journal.write(key, undefined, entry.revision, this.#fence);
      this.#last.delete(id);
    });
  }

  /** Forgets a job. */
  remove(id: string): Promise<void> {
    return this.#inTurn(id, async () => {
      await this.#put(id, undefined);
      this.#last.delete(id);
    });
  }

  async #put(id: string, value: Json | undefined): Promise<void> {
    const expected = this.#revisions.get(id) ?? 'absent';
    if (value === undefined && expected === 'absent') return;
    const revision = await this.#journal.write(JOB_PREFIX + id, value, expected, this.#fence);
    if (value === undefined) this.#revisions.delete(id);
    else this.#revisions.set(id, revision);
  }

  async #inTurn(id: string, write: () => Promise<void>): Promise<void> {
    const done = (this.#last.get(id) ?? Promise.resolve()).then(write);
    this.#last.set(
      id,
      done.catch(() => undefined),
    );
    await done;
  }
}
