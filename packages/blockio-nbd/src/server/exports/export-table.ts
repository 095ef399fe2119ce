import { SendenseError } from '@sendense/core';
import type { OpenExport } from './open-export.ts';

/** The exports of a server by name. */
export class ExportTable {
  readonly #byName = new Map<string, OpenExport>();

  get(name: string): OpenExport | undefined {
    return this.#byName.get(name);
  }

  /** Throws `ALREADY_EXISTS` for a name in use. */
  add(entry: OpenExport): void {
    if (this.#byName.has(entry.name)) {
      throw new SendenseError('ALREADY_EXISTS', `the server has an export "${entry.name}" already`, {
        operation: 'add-export',
        context: { export: entry.name },
        remedy: 'remove that export first, or choose another name',
      });
    }
    this.#byName.set(entry.name, entry);
  }

  /** From now on nobody finds it. */
  take(name: string): OpenExport | undefined {
    const entry = this.#byName.get(name);
    this.#byName.delete(name);
    return entry;
  }

  all(): readonly OpenExport[] {
    return [...this.#byName.values()];
  }
}
