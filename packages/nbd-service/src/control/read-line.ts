import type { Socket } from 'node:net';

/**
 * The first line that a peer sends, without its end; `undefined` when it sends none within `maxBytes`, goes away, or is silent for
 * longer than the socket's timeout.
 */
export function readLine(socket: Socket, maxBytes: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let length = 0;
    const end = (line?: string) => {
      socket.off('data', take);
      resolve(line);
    };
    const take = (part: Buffer) => {
      const newline = part.indexOf(10);
      length += newline < 0 ? part.byteLength : newline;
      parts.push(newline < 0 ? part : part.subarray(0, newline));
      if (length > maxBytes) end();
      else if (newline >= 0) end(Buffer.concat(parts).toString('utf8'));
    };
    socket.on('data', take);
    for (const event of ['end', 'close', 'timeout', 'error'] as const) socket.once(event, () => end());
  });
}
