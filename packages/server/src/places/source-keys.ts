import { type Clock, type LogSink, type MachineKey, systemClock } from '@sendense/core';
import type { ServerServices } from '../services.ts';

/** A name of the configuration may come to mean another machine, so keys are asked for anew after it. */
const FRESH_MS = 60_000;

type Asked = { readonly atMs: number; readonly key: Promise<MachineKey | undefined> };

/**
 * The keys of the machines that sources name, as the host tells them. A source that cannot be opened counts as what it was when it was
 * opened last, since backups are wanted most when their machine is gone; one that never was has no key, and the log says so.
 */
export class SourceKeys {
  readonly #sources: ServerServices['sources'];
  readonly #log: LogSink;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #asked = new Map<string, Asked>();
  readonly #last = new Map<string, MachineKey>();

  constructor({ sources, log = () => undefined, clock = systemClock }: ServerServices) {
    this.#sources = sources;
    this.#log = log;
    this.#clock = clock;
  }

  /** The keys of those of `names` that the host has. */
  async of(names: readonly string[]): Promise<ReadonlySet<string>> {
    const known = names.filter((name) => this.#sources.names.includes(name));
    const keys = await Promise.all(known.map((name) => this.#keyOf(name)));
    return new Set(keys.filter((key) => key !== undefined));
  }

  /** Takes note of what was opened for another purpose. */
  note(name: string, key: MachineKey): void {
    this.#last.set(name, key);
    this.#asked.set(name, { atMs: this.#clock.monotonicMs(), key: Promise.resolve(key) });
  }

  #keyOf(name: string): Promise<MachineKey | undefined> {
    const atMs = this.#clock.monotonicMs();
    const asked = this.#asked.get(name);
    if (asked !== undefined && atMs - asked.atMs < FRESH_MS) return asked.key;
    const key = this.#ask(name);
    this.#asked.set(name, { atMs, key });
    return key;
  }

  /** Without the signal of a caller: others may wait for the same. */
  async #ask(name: string): Promise<MachineKey | undefined> {
    try {
      await using machine = await this.#sources.open(name);
      this.#last.set(name, machine.machineKey);
    } catch (error) {
      const fields = { source: name, error: error instanceof Error ? error.message : String(error) };
      const message = 'a source does not tell its machine: its tenant sees those backups that it knew of';
      this.#log({ level: 'warn', message, fields });
    }
    return this.#last.get(name);
  }
}
