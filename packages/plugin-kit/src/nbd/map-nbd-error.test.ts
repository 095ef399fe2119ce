import { describe, expect, it } from 'vitest';
import { mapOptionError, mapRequestError, mapSocketError } from './map-nbd-error.ts';
import { NbdErrno, OptionReplyType } from './numbers.ts';

const failed = { operation: 'read-blocks', subject: 'nbd://host/disk', message: 'disk on fire' };
const coded = (code: string) => Object.assign(new Error(code), { code });

describe('errors of an NBD server', () => {
  it('all have a code of their own, what the server said, and its number', () => {
    for (const errno of Object.values(NbdErrno)) {
      const error = mapRequestError(errno, failed);
      expect(error.code).not.toBe('UNEXPECTED');
      expect(error).toMatchObject({
        operation: 'read-blocks',
        context: { errno, serverMessage: 'disk on fire' },
      });
      expect(error.message).toMatch(/^nbd:\/\/host\/disk \(disk on fire\) \w/);
    }
    for (const [name, type] of Object.entries(OptionReplyType)) {
      if (!name.startsWith('err')) continue;
      expect(mapOptionError(type, failed).code, name).not.toBe('UNEXPECTED');
    }
  });

  it('of a number that the protocol does not know are UNEXPECTED and say it', () => {
    expect(mapRequestError(1234, { ...failed, message: '' })).toMatchObject({
      code: 'UNEXPECTED',
      message: 'nbd://host/disk failed (errno 1234)',
    });
    expect(mapOptionError(0x80000077, failed).message).toContain('error 0x80000077');
  });
});

describe('errors of sockets', () => {
  it.each([
    ['ENOENT', 'NOT_FOUND', 'never'],
    ['ENOTFOUND', 'NOT_FOUND', 'never'],
    ['EACCES', 'PERMISSION_DENIED', 'never'],
    ['ECONNREFUSED', 'CONNECTION_LOST', 'later'],
    ['ECONNRESET', 'CONNECTION_LOST', 'later'],
    ['EPIPE', 'CONNECTION_LOST', 'later'],
    ['ETIMEDOUT', 'TIMEOUT', 'later'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'UNTRUSTED_PEER', 'never'],
    ['CERT_HAS_EXPIRED', 'UNTRUSTED_PEER', 'never'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'UNTRUSTED_PEER', 'never'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'AUTHENTICATION_FAILED', 'never'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'AUTHENTICATION_FAILED', 'never'],
    ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'CONNECTION_LOST', 'later'],
    ['ESOMETHING', 'UNEXPECTED', 'never'],
  ])('%s is %s, to be repeated %s', (socketError, code, retry) => {
    const error = mapSocketError(coded(socketError), 'connect-nbd', 'nbd://host/disk');
    expect(error).toMatchObject({ code, retry, context: { socketError } });
  });
});
