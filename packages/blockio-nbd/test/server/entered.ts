import { ChunkType, errnoName, type HeaderStyle, parseError } from '../../src/protocol/index.ts';
import { type RequestReply, setUpBench } from './raw-client.ts';

/** A client that has entered the export `a` of a server without sockets. */
export async function entered(
  style: HeaderStyle,
  served: Parameters<typeof setUpBench>[0][string],
  contexts: readonly string[] = [],
) {
  const bench = setUpBench({ a: served });
  const { client, connection, reset } = bench.connect();
  await client.enter('a', style, contexts);
  return { bench, client, connection, reset };
}

/** The name of the error of a reply, `ok` for none. */
export function outcome({ header, payload }: RequestReply): string {
  if (header.kind === 'simple') return header.errno === 0 ? 'ok' : errnoName(header.errno);
  return header.type === ChunkType.error ? errnoName(parseError(header.type, payload).errno) : 'ok';
}
