import type { LogSink } from '@sendense/core';
import type { Budget } from '@sendense/plugin-kit';
import type { HeaderStyle } from '../../protocol/index.ts';
import type { OpenExport } from '../exports/open-export.ts';
import type { SelectedContext } from '../handshake/negotiation.ts';
import type { IdleWatch } from '../idle-watch.ts';
import type { ClientStream } from '../stream/client-stream.ts';

/** What a client entered with: its stream, its export, what was agreed on, and what it may take. */
export type Session = {
  readonly stream: ClientStream;
  readonly entry: OpenExport;
  readonly style: HeaderStyle;
  readonly contexts: readonly SelectedContext[];
  /** Requests under way of this client. */
  readonly requests: Budget;
  /** Bytes in flight of this client, and of all. */
  readonly ownBytes: Budget;
  readonly allBytes: Budget;
  /** Hangs up on a client that asks for nothing. */
  readonly idle: IdleWatch;
  readonly log: LogSink;
};
