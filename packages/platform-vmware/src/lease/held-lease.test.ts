import type { Call } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { faultReply, scripted } from '../../test/support/scripted-session.ts';
import { exportSnapshot } from './export-snapshot.ts';

const SNAPSHOT = { type: 'VirtualMachineSnapshot', id: 'snapshot-1' };
const THUMBPRINT = 'AA:BB';

/** `HttpNfcLease.info` and its state, as the property collector gives them. */
function leaseReply(state: string, value = ''): string {
  return `<RetrievePropertiesExResponse><returnval><objects><obj type="HttpNfcLease">lease-1</obj>
<propSet><name>state</name><val>${state}</val></propSet>${value}</objects></returnval></RetrievePropertiesExResponse>`;
}

const INFO = `<propSet><name>info</name><val><leaseTimeout>300</leaseTimeout>
<deviceUrl><key>/vm-1/ParaVirtualSCSIController0:1</key><importKey/><url>https://*/nfc/t/disk-0.vmdk</url><sslThumbprint/><disk>true</disk></deviceUrl>
<deviceUrl><key>/vm-1/nvram</key><importKey/><url>https://esx1.example/nfc/t/x.nvram</url><sslThumbprint>${THUMBPRINT}</sslThumbprint><disk>false</disk></deviceUrl>
<deviceUrl><key>/vm-1/bad</key><importKey/><url>no address</url><sslThumbprint/></deviceUrl></val></propSet>`;

/** A timer that tests move on, one wait at a time. */
function steppedTimer() {
  let now = 0;
  let wake: (() => void) | undefined;
  const waits: number[] = [];
  return {
    waits,
    timer: {
      monotonicMs: () => now,
      sleep: (ms: number, signal?: AbortSignal): Promise<void> => {
        waits.push(ms);
        return new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
          wake = () => {
            now += ms;
            resolve();
          };
        });
      },
    },
    step: async (): Promise<void> => {
      wake?.();
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    },
  };
}

async function leased(script: Parameters<typeof scripted>[0] = {}) {
  const { session, methods, sent } = scripted({
    ExportSnapshot: () =>
      '<ExportSnapshotResponse><returnval type="HttpNfcLease">lease-1</returnval></ExportSnapshotResponse>',
    RetrievePropertiesEx: () => leaseReply('ready', INFO),
    ...script,
  });
  await session.open();
  const { timer, step, waits } = steppedTimer();
  const open = (call: Call = {}) => exportSnapshot(session, SNAPSHOT, { timer, ...call });
  return {
    open,
    step,
    waits,
    sent,
    count: (method: string) => methods().filter((name) => name === method).length,
  };
}

describe('an export lease', () => {
  it('tells where its devices are, with the host for an asterisk and the certificates that are vouched for', async () => {
    const lease = await (await leased()).open();
    expect(lease.devices.map(({ url, thumbprint, isDisk }) => [url.href, thumbprint, isDisk])).toEqual([
      ['https://vc.example/nfc/t/disk-0.vmdk', undefined, true],
      ['https://esx1.example/nfc/t/x.nvram', THUMBPRINT, false],
    ]);
  });

  it('is told of its progress well before its time-out, also when nothing moves', async () => {
    const { open, step, waits, sent, count } = await leased();
    const lease = await open();
    lease.percent(41.9);
    await step();
    await step();
    expect(count('HttpNfcLeaseProgress')).toBe(2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(150_000);
    expect(sent.at(-1)?.body).toContain('<percent>41</percent>');
  });

  it('is completed or aborted once, whichever comes first, and told of nothing after it', async () => {
    const { open, step, count } = await leased();
    const lease = await open();
    await lease.complete();
    await lease.abort();
    await lease.complete();
    await step();
    expect([
      count('HttpNfcLeaseComplete'),
      count('HttpNfcLeaseAbort'),
      count('HttpNfcLeaseProgress'),
    ]).toEqual([1, 0, 0]);
  });

  it('that could not be completed can be given up all the same, once', async () => {
    const { open, count } = await leased({ HttpNfcLeaseComplete: () => faultReply('HostCommunication') });
    const lease = await open();
    await expect(lease.complete()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await lease.abort();
    await lease.abort();
    expect(count('HttpNfcLeaseAbort')).toBe(1);
  });

  it('that the server has ended is lost, with what to do', async () => {
    const { open, step } = await leased({ HttpNfcLeaseProgress: () => faultReply('Timedout') });
    const lease = await open();
    expect(lease.lost.aborted).toBe(false);
    await step();
    expect(lease.lost.reason).toMatchObject({
      code: 'EXPIRED',
      remedy: expect.any(String),
      context: { lease: 'lease-1' },
    });
    await expect(lease.check()).rejects.toMatchObject({ code: 'EXPIRED' });
  });

  it('is not lost by one failure on the way, but by silence as long as its time-out', async () => {
    const { open, step } = await leased({ HttpNfcLeaseProgress: () => faultReply('HostCommunication') });
    const lease = await open();
    await step();
    expect(lease.lost.aborted).toBe(false);
    for (let told = 0; told < 10; told += 1) await step();
    expect(lease.lost.reason).toMatchObject({ code: 'EXPIRED' });
  });

  it.each(['ExportSnapshot', 'RetrievePropertiesEx'])(
    'whose caller is cancelled while %s is answered is given up, not left to its time-out',
    async (method) => {
      const cancel = new AbortController();
      const answers: Record<string, string> = {
        ExportSnapshot:
          '<ExportSnapshotResponse><returnval type="HttpNfcLease">lease-1</returnval></ExportSnapshotResponse>',
        RetrievePropertiesEx: leaseReply('initializing'),
      };
      const answer = (): string => {
        cancel.abort();
        return answers[method] ?? '';
      };
      const { open, count } = await leased({ [method]: answer });
      await expect(open({ signal: cancel.signal })).rejects.toMatchObject({ code: 'ABORTED' });
      expect(count('HttpNfcLeaseAbort')).toBe(1);
    },
  );

  it('is not asked for by a caller that is cancelled already', async () => {
    const { open, count } = await leased();
    await expect(open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(count('ExportSnapshot')).toBe(0);
  });

  it('that does not get ready is given up, with its fault', async () => {
    const fault =
      '<propSet><name>error</name><val><fault xmlns:i="x" i:type="NoPermission"/><localizedMessage>no</localizedMessage></val></propSet>';
    const { open, count } = await leased({ RetrievePropertiesEx: () => leaseReply('error', fault) });
    await expect(open()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(count('HttpNfcLeaseAbort')).toBe(1);
  });
});
