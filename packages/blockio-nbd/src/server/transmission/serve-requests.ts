import { perform } from './perform.ts';
import { type ReceivedRequest, receiveRequest } from './receive-request.ts';
import { encodeReply } from './reply.ts';
import type { Session } from './session.ts';

/**
 * Answers requests, several at once and in no order, until the client leaves or reading is stopped. Settles when nothing
 * reads or writes the disk any more and every reply was sent, or the client is gone.
 */
export async function serveRequests(session: Session): Promise<void> {
  const running = new Set<Promise<void>>();
  try {
    for (;;) {
      const received = await receiveRequest(session);
      if (received === undefined) return;
      const work = answer(session, received);
      running.add(work);
      void work.finally(() => running.delete(work));
    }
  } finally {
    await Promise.all(running);
    session.idle.stop();
  }
}

/** Never rejects: a client that is gone is noticed by who reads its requests. */
async function answer(session: Session, received: ReceivedRequest): Promise<void> {
  const { request, payload, refusal, release } = received;
  try {
    const reply = refusal ?? (await perform(session, request, payload));
    await session.stream.send(...encodeReply(reply, request, session.style));
  } catch {
    session.stream.cut();
  } finally {
    release();
  }
}
