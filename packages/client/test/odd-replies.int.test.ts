import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { makeCertificates } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createClient } from '../src/index.ts';

let folder = '';
let server: Server | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-odd-'));
});
afterEach(async () => {
  server?.close();
  await rm(folder, { recursive: true });
});

describeWithPeers(
  ['openssl'],
  'a server of TLS whose answers have statuses that no server of HTTP gives',
  () => {
    it.each([600, 999])('is told, and ends no process: %i', async (status) => {
      const { caPem, server: own } = await makeCertificates(folder);
      server = createServer({ cert: own.certificatePem, key: own.keyPem }, (socket) => {
        socket.on('error', () => undefined); // the client hangs up
        socket.once('data', () => socket.write(`HTTP/1.1 ${status} Odd\r\ncontent-length: 2\r\n\r\n{}`));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const client = createClient({ url, caPem, timeoutMs: 5000 });
      const told = { code: 'PROTOCOL_VIOLATION', message: expect.stringContaining(String(status)) };
      await expect(client.checkHealth()).rejects.toMatchObject({ ...told, effect: 'none' });
      await expect(client.cancelJob({ job_id: 'j' })).rejects.toMatchObject({ ...told, effect: 'unknown' });
    });
  },
);
