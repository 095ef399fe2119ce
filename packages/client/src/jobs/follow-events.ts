import { SendenseError } from '@sendense/core';
import type { ClientCall } from '../http/client-call.ts';
import type { Connection } from '../http/connection.ts';
import { type EventStream, openEvents } from '../http/open-events.ts';
import { Persistence } from '../http/persistence.ts';
import { STREAM_OPERATIONS } from '../operations/stream-operations.ts';
import { writeRequest } from '../operations/write-request.ts';
import { isEnded } from './is-ended.ts';
import { type JobEvent, numberOf, readJobEvent } from './job-event.ts';

/**
 * The events of a job until it has ended, each once, in order, after the one with the id `after`; over as many connections as it takes.
 * Of `progress` it gives what is true when it is read.
 */
export async function* followEvents(
  connection: Connection,
  jobId: string,
  after: number,
  call: ClientCall = {},
): AsyncGenerator<JobEvent> {
  const request = writeRequest('followJob', STREAM_OPERATIONS.followJob, { job_id: jobId });
  const persistence = new Persistence(connection.reconnect, 'followJob', call.signal);
  const place = new Place(after);
  const onNews = () => persistence.succeeded();
  for (;;) {
    let stream: EventStream | undefined;
    try {
      const lastEventId = place.last === 0 ? null : String(place.last);
      stream = await openEvents(connection, request, { lastEventId, onNews }, call);
      if (!stream.hasMore) return;
      yield* place.news(stream);
      if (place.isAtEnd) return;
      throw endedEarly();
    } catch (error) {
      if (place.isAtEnd) return; // all was told before it broke off
      await persistence.afterFailure(error, stream?.retryMs());
    }
  }
}

/** How far the events of a job were told. */
class Place {
  last: number;
  isAtEnd = false;

  constructor(after: number) {
    this.last = after;
  }

  /** What of `stream` has not been told yet. */
  async *news({ messages }: EventStream): AsyncGenerator<JobEvent> {
    for await (const message of messages) {
      const id = message.id === null ? null : numberOf(message.id);
      if (id !== null && id <= this.last) continue;
      const event = readJobEvent(message);
      if (id !== null) this.last = id;
      if (event?.event === 'state') this.isAtEnd = isEnded(event.data.state);
      if (event !== undefined) yield event;
    }
  }
}

function endedEarly(): SendenseError {
  return new SendenseError('CONNECTION_LOST', 'the events ended before the job', { operation: 'followJob' });
}
