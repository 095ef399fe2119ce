import { SendenseError } from '@sendense/core';
import type { ClientCall } from './client-call.ts';
import type { Connection, HttpRequest } from './connection.ts';
import { type EventMessage, EventParser } from './event-parser.ts';
import { readPieces } from './read-pieces.ts';

/** A stream of events that the server has begun. */
export type EventStream = {
  /** `false`: the server has nothing more to tell, now or later (204). */
  readonly hasMore: boolean;
  /** The pause before the next connection that the server asked for so far. */
  readonly retryMs: () => number | undefined;
  /** Ends when the server ends the stream; rejects when it breaks off. */
  readonly messages: AsyncIterable<EventMessage>;
};

/** Where a stream of events goes on, and who is told that it lives. */
export type EventsFrom = {
  /** Of the last event that was seen. */
  readonly lastEventId: string | null;
  /** Called for every piece from the first event or comment on; what a server begins each stream with is no news. */
  readonly onNews: () => void;
};

/** Opens a stream of events. */
export async function openEvents(
  connection: Connection,
  request: HttpRequest,
  { lastEventId, onNews }: EventsFrom,
  call?: ClientCall,
): Promise<EventStream> {
  const headers = {
    accept: 'text/event-stream',
    ...(lastEventId !== null && { 'last-event-id': lastEventId }),
  };
  const { response, attempt } = await connection.open({ ...request, headers }, call);
  const parser = new EventParser();
  const hasMore = response.status !== 204;
  if (hasMore && response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
    await response.body?.cancel();
    throw new SendenseError('PROTOCOL_VIOLATION', 'the answer is no stream of events', {
      operation: request.operation,
    });
  }
  async function* messages(): AsyncGenerator<EventMessage> {
    for await (const piece of readPieces(response, attempt)) {
      const complete = parser.push(piece);
      if (parser.hasNews) onNews();
      yield* complete;
    }
  }
  return { hasMore, retryMs: () => parser.retryMs, messages: messages() };
}
