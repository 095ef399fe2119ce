import type { ServerResponse } from 'node:http';

/** A client that takes nothing for so long is cut off; it can go on later with `Range`. */
const STALLED_MS = 300_000;

/** Breaks a reply off whose client takes nothing any more, so that it holds no mount and no connection for ever. */
export function cutOffStalled(response: ServerResponse, stalledMs: number = STALLED_MS): void {
  response.setTimeout(stalledMs, () => void response.destroy());
}
