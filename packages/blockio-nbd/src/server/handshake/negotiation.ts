import type { HeaderStyle } from '../../protocol/index.ts';
import type { ExportTable } from '../exports/export-table.ts';
import type { ServedContext } from '../exports/served-export.ts';
import type { NbdServerTls } from '../server-options.ts';
import type { ClientStream } from '../stream/client-stream.ts';

/** A context that a client chose, under the number that it goes by on this connection. */
export type SelectedContext = { readonly id: number; readonly context: ServedContext };

/** What a client and the server have agreed on so far; TLS starts it anew. */
export type Negotiation = {
  readonly stream: ClientStream;
  readonly exports: ExportTable;
  readonly tls: NbdServerTls | undefined;
  secure: boolean;
  style: HeaderStyle;
  /** Whether the client wants no padding after the answer to option `exportName`. */
  noZeroes: boolean;
  /** Contexts chosen for an export; they hold only if that very export is entered. */
  selected: { readonly exportName: string; readonly contexts: readonly SelectedContext[] } | undefined;
};
