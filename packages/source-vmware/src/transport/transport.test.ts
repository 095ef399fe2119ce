import { type BlockReader, diskId, type ErrorCode, SendenseError } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { openByWays, type Transport, transportFindings, type Way } from './transport.ts';

const READER: BlockReader = {
  sizeBytes: 512,
  limits: { alignmentBytes: 1, maxBytes: 512, maxInFlight: 1, order: 'random' },
  read: async () => undefined,
  async *extents() {},
  [Symbol.asyncDispose]: async () => undefined,
};

function way(transport: Transport, code?: ErrorCode): Way {
  return {
    transport,
    open: async () => {
      if (code !== undefined) throw new SendenseError(code, `no ${transport}`, { operation: 'test' });
      return READER;
    },
  };
}

describe('the way by which a disk is read', () => {
  it.each<ErrorCode>(['UNSUPPORTED', 'PERMISSION_DENIED', 'CONNECTION_LOST', 'UNTRUSTED_PEER'])(
    'is the next one after %s, and it is told which and why',
    async (code) => {
      const opened = await openByWays([way('datastore', code), way('lease')]);
      expect(opened.transport).toBe('lease');
      const [used, refused] = transportFindings(diskId('d'), opened);
      expect(used).toMatchObject({ severity: 'info', code: 'transport', disk: 'd' });
      expect(used?.message).toContain('(lease)');
      expect(refused).toMatchObject({
        code: 'transport-refused',
        severity: code === 'UNSUPPORTED' ? 'info' : 'warning',
      });
      expect(refused?.message).toContain('no datastore');
    },
  );

  it.each<ErrorCode>(['CORRUPT', 'INSTANT_LOST', 'ABORTED'])('is no other one after %s', async (code) => {
    const opened = openByWays([way('datastore', code), way('lease')]);
    await expect(opened).rejects.toMatchObject({ code, message: 'no datastore' });
  });

  it('is none where the last one fails, with its reason', async () => {
    const opened = openByWays([way('datastore', 'UNSUPPORTED'), way('lease', 'PERMISSION_DENIED')]);
    await expect(opened).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message: 'no lease' });
  });
});
