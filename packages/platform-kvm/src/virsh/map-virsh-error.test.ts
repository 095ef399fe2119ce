import { describe, expect, it } from 'vitest';
import { mapVirshError } from './map-virsh-error.ts';

describe('what libvirt complains of', () => {
  it.each([
    ["error: failed to get domain 'nosuch'\n", 'NOT_FOUND'],
    ["error: Domain not found: no domain with matching name 'x'\n", 'NOT_FOUND'],
    ["error: checkpoint inconsistent: missing or broken bitmap 'b' for disk 'vda'\n", 'CHANGE_TRACKING_LOST'],
    ['error: Requested operation is not valid: another backup job is already running\n', 'LOCKED'],
    [
      'error: Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatch)\n',
      'LOCKED',
    ],
    ['error: Guest agent is not responding: QEMU guest agent is not connected\n', 'QUIESCE_FAILED'],
    ['error: argument unsupported: QEMU guest agent is not configured\n', 'QUIESCE_FAILED'],
    ['error: operation failed: domain moment a.b already exists\n', 'ALREADY_EXISTS'],
    ['error: authentication failed: access denied by policy\n', 'AUTHENTICATION_FAILED'],
    [
      "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/x': No such file or directory\n",
      'CONNECTION_LOST',
    ],
    ['error: Requested operation is not valid: domain is not running\n', 'NOT_OPEN'],
    ['error: something new\n', 'UNEXPECTED'],
    ['', 'UNEXPECTED'],
  ])('%j is %s', (text, code) => {
    expect(mapVirshError(text, 'backup-begin')).toMatchObject({ code, operation: 'backup-begin' });
  });

  it('is told without the frame words of virsh', () => {
    const text = 'error: Failed to delete checkpoint a\nerror: internal error: bitmap is odd\n';
    expect(mapVirshError(text, 'checkpoint-delete').message).toBe(
      'libvirt refused checkpoint-delete: internal error: bitmap is odd',
    );
  });
});
