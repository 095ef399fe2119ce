import { expect, it } from 'vitest';
import { auditLine } from './audit-line.ts';
import type { AuditEntry } from './audit-log.ts';

const ENTRY: AuditEntry = {
  event: 'answered',
  request: 'r-1',
  principal: 'token:0123456789abcdef',
  tenant: 'acme',
  address: '192.0.2.1',
  method: 'DELETE',
  route: '/api/v1/backup/:backup_id',
  parameters: { backup_id: 'p-1' },
  status: 200,
  job: null,
  subject: {},
};
const AT = new Date('2026-01-01T00:00:00.000Z');

it('is one line of JSON that tells who asked for what, when and from where', () => {
  const line = auditLine(ENTRY, AT);
  expect(line.endsWith('}\n')).toBe(true);
  expect(JSON.parse(line)).toEqual({ at: '2026-01-01T00:00:00.000Z', ...ENTRY });
});

it('cannot be ended, forged or hidden by what a client sends', () => {
  const forged = '{"at":"2026-01-01T00:00:00.000Z","principal":"token:admin"}';
  const characters = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code));
  for (const character of [
    ...characters,
    '\u007f',
    '\u0085',
    '\u009b',
    '\u2028',
    '\u2029',
    '\u202e',
    '\ud800',
  ]) {
    const text = `p-1${character}${forged}`;
    const line = auditLine({ ...ENTRY, principal: `oidc:${text}`, parameters: { backup_id: text } }, AT);
    expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Cs}]/u);
    expect(JSON.parse(line)).toMatchObject({ principal: `oidc:${text}`, parameters: { backup_id: text } });
  }
});

it('hides credentials that were put where names belong', () => {
  const secret = 'S'.repeat(43);
  const jwt = `eyJhbGciOiJSUzI1NiJ9.${'P'.repeat(60)}.${'G'.repeat(60)}`;
  const line = auditLine(
    { ...ENTRY, parameters: { backup_id: `sds_0123456789abcdef_${secret}`, path: `x ${jwt} y` } },
    AT,
  );
  for (const part of [secret, 'PPPP', 'GGGG']) expect(line).not.toContain(part);
  expect(line).toContain('sds_0123456789abcdef_[redacted]');
});

it.each(['\u0001', '\u2028', '"', 'é', '\ud800', '\u{1f600}', 'x'])(
  'has a bounded length also when each character is %j',
  (character) => {
    const text = character.repeat(512);
    const long = auditLine({ ...ENTRY, principal: text, parameters: { backup_id: text } }, AT);
    expect(
      long.length - auditLine({ ...ENTRY, principal: '', parameters: { backup_id: '' } }, AT).length,
    ).toBeLessThan(512 + 128 + 4);
    const { parameters } = JSON.parse(long) as AuditEntry;
    expect(parameters.backup_id).toMatch(/^.+…$/su);
    expect(text.startsWith(parameters.backup_id?.slice(0, -1) ?? '?')).toBe(true);
  },
);

it('leaves an id of the longest kind as it is', () => {
  const backup_id = 'a'.repeat(128);
  expect(JSON.parse(auditLine({ ...ENTRY, parameters: { backup_id } }, AT))).toMatchObject({
    parameters: { backup_id },
  });
});

it('tells what the request was about, by texts of a bounded length without credentials', () => {
  const subject = { machine: 'web', overwrite: true, path: '/\u0001'.repeat(10_000), repository: undefined };
  const line = auditLine({ ...ENTRY, subject }, AT);
  expect(line.length).toBeLessThan(1200);
  expect((JSON.parse(line) as AuditEntry).subject).toEqual({
    machine: 'web',
    overwrite: true,
    path: expect.stringMatching(/^\/.*…$/su),
  });
  const target = `sds_0123456789abcdef_${'S'.repeat(43)}`;
  expect(auditLine({ ...ENTRY, subject: { target } }, AT)).not.toContain('SSSS');
});
