/** An HTTP service that backs a disk up on `POST /backups` and lists the points on `GET /backups`. */
import { createServer } from 'node:http';
import { SendenseError } from '@sendense/core';
import { openSendense } from '@sendense/quickstart';

const [disk = 'disk.qcow2', repository = 'backups'] = process.argv.slice(2);
const sendense = await openSendense({ stateDirectory: 'state' });

async function answer(method: string): Promise<unknown> {
  if (method === 'POST') {
    const { pointId, kind } = await sendense.backup({ source: `image:${disk}`, repository });
    return { pointId, kind };
  }
  return (await sendense.points({ repository })).map(({ id, at, kind }) => ({ id, at, kind }));
}

const server = createServer((request, response) => {
  answer(request.method ?? 'GET').then(
    (body) => response.end(JSON.stringify(body)),
    (error: unknown) => {
      // LOCKED: a backup of this disk is running already.
      response.statusCode = SendenseError.is(error, 'LOCKED') ? 409 : 500;
      response.end(JSON.stringify({ error: String(error) }));
    },
  );
});
server.listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`),
);
process.once('SIGTERM', () => server.close(() => void sendense[Symbol.asyncDispose]()));
