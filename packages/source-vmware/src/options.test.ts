import { describe, expect, it } from 'vitest';
import { checkOptions } from './options.ts';

const LEAST = { address: 'vc.example', user: 'backup@vsphere.local' };

describe('options of the VMware source', () => {
  it('are few, and the careful ones by default', () => {
    expect(checkOptions(LEAST)).toMatchObject({
      track: 'auto',
      areasInUse: 'off',
      passwordSecret: 'vmware-password',
      transport: 'auto',
    });
  });

  it.each([
    ['no address', { ...LEAST, address: '' }],
    ['two kinds of trust', { ...LEAST, caPem: 'PEM', thumbprint: 'aa' }],
    ['VDDK that is wanted and not given', { ...LEAST, transport: 'vddk' as const }],
    [
      'ways of VDDK that are more than words',
      { ...LEAST, vddk: { libdir: '/opt/vddk', transports: 'nbd user=x' } },
    ],
    ['a password', { ...LEAST, password: 'secret' }],
    ['more snapshots than vSphere has', { ...LEAST, maxSnapshots: 32 }],
  ])('are refused with %s', (_what, options) => {
    expect(() => checkOptions(options)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('VMware') }),
    );
  });
});
