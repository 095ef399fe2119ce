import type { BrowseSession } from '@sendense/file-restore';

/** Which sessions downloads read: one whose mount has ended is closed with the last of them. */
export class SessionDownloads {
  readonly #counts = new Map<BrowseSession, number>();
  readonly #left = new Set<BrowseSession>();

  /** A download begins; call what is returned when it is over, once. */
  begin(session: BrowseSession): () => void {
    this.#counts.set(session, (this.#counts.get(session) ?? 0) + 1);
    return () => {
      const left = (this.#counts.get(session) ?? 1) - 1;
      if (left > 0) this.#counts.set(session, left);
      else this.#counts.delete(session);
      this.#closeUnread(session);
    };
  }

  /** Nobody can name the mount of a session any more. */
  leave(session: BrowseSession): void {
    this.#left.add(session);
    this.#closeUnread(session);
  }

  #closeUnread(session: BrowseSession): void {
    if (this.#counts.has(session) || !this.#left.delete(session)) return;
    // nobody waits for it, as for one that is closed for idleness
    session[Symbol.asyncDispose]().catch(() => undefined);
  }
}
