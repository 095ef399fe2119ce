import type { ServerResponse } from 'node:http';

/**
 * Breaks a reply off whose client takes nothing any more, so that it holds no mount and no connection for ever; it can go on later with
 * `Range`. How long that is, the time-out of the server's connections says. A reply of which nothing is there to be taken goes on: an
 * archive may look through much of a damaged disk before it has more to give.
 */
export function cutOffStalled(response: ServerResponse): void {
  response.on('timeout', () => {
    if (response.writableLength > 0) response.destroy();
  });
}
