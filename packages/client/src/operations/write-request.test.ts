import { expect, it } from 'vitest';
import { OPERATIONS } from './operations.ts';
import { STREAM_OPERATIONS } from './stream-operations.ts';
import { writeRequest } from './write-request.ts';

it('puts each field where its operation has it, without the defaults of this version', () => {
  expect(writeRequest('startBackup', OPERATIONS.startBackup, { vm_name: 'w', repository: 'r' })).toEqual({
    operation: 'startBackup',
    method: 'POST',
    path: '/api/v1/backup/start',
    body: '{"vm_name":"w","repository":"r"}',
  });
  const file = { mount_id: 'm:1', path: '/a b/ü&path=/etc', format: undefined };
  expect(writeRequest('downloadFile', STREAM_OPERATIONS.downloadFile, file).path).toBe(
    '/api/v1/restore/m%3A1/download?path=%2Fa+b%2F%C3%BC%26path%3D%2Fetc',
  );
});

it('makes no path of an id that would lead elsewhere', () => {
  for (const id of ['..', '.', '', 'a/b', '%2e%2e', 'a?b', 7, null, undefined])
    expect(() => writeRequest('showBackup', OPERATIONS.showBackup, { backup_id: id })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', operation: 'showBackup' }),
    );
});

it('refuses a field that the operation does not have, and a value that it does not take', () => {
  for (const fields of [
    { backup_id: 'b', vm: 'w' },
    { backup_id: 'b', repository: '' },
  ])
    expect(() => writeRequest('showBackup', OPERATIONS.showBackup, fields)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
});
