import type { HeaderStyle, MetaContext } from '../../protocol/index.ts';
import { agreeOnStyle } from './agree-on-style.ts';
import { selectContexts } from './ask-contexts.ts';
import { type ExportDescription, enterExport } from './enter-export.ts';
import { greet } from './greet.ts';
import type { HandshakeChannel } from './handshake-channel.ts';

/** What is wanted of the server. `subject` is the export as a person names it. */
export type Wanted = {
  readonly exportName: string;
  readonly tls: boolean;
  readonly contexts: readonly string[];
  readonly subject: string;
};

/** What was agreed on for the transmission. */
export type Session = ExportDescription & {
  readonly style: HeaderStyle;
  readonly contexts: readonly MetaContext[];
};

/** Goes from the greeting to the transmission phase. */
export async function negotiate(channel: HandshakeChannel, wanted: Wanted): Promise<Session> {
  const { exportName, tls, contexts: queries, subject } = wanted;
  const { noZeroes } = await greet(channel, tls, subject);
  const style = await agreeOnStyle(channel, subject);
  const asks = style !== 'simple' && queries.length > 0;
  const contexts = asks ? await selectContexts(channel, { exportName, queries }) : [];
  const description = await enterExport(channel, exportName, { noZeroes, subject });
  return { ...description, style, contexts };
}
