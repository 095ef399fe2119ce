import { serveHere } from './support/serve-here.ts';

// A program that serves a disk of as many bytes as it is told, says where, and ends with its input.
await using server = await serveHere(Buffer.alloc(Number(process.argv[2]), 1), { multiConnection: true });
process.stdout.write(`${JSON.stringify(server.endpoint)}\n`);
for await (const _ of process.stdin) break;
