import { Secret } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { openKeySlot, parseKeySlot, serializeKeySlot, stretch } from './key-slot.ts';
import { isProven, parseClaimed, serializeProven } from './proven-json.ts';
import { deriveKeys, hkdf, hmac, nameTag } from './repository-keys.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const MASTER = Buffer.alloc(32, 7);
const keys = deriveKeys(MASTER, 'repository');
const place = { repositoryId: 'repository', object: 'keys/one' };
const cheap = { label: 'test', costLog2: 14 };

describe('the primitives', () => {
  it('stretch a passphrase as RFC 7914 says (N = 2^14, r = 8, p = 1)', async () => {
    // section 12: scrypt ("pleaseletmein", "SodiumChloride", 16384, 8, 1), its first 32 bytes
    const key = await stretch('pleaseletmein', Buffer.from('SodiumChloride'), 14);
    expect(hex(key)).toBe('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2');
  });

  const filled = (byte: number, length: number) => new Uint8Array(length).fill(byte);
  it.each([
    ['1', filled(0x0b, 20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      '2',
      Buffer.from('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      '3',
      filled(0xaa, 20),
      filled(0xdd, 50),
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    ],
    [
      '6',
      filled(0xaa, 131),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('prove by HMAC-SHA256 as RFC 4231 says (case %s)', (_case, key, data, mac) => {
    expect(hex(hmac(key, data))).toBe(mac);
  });

  // Each L of the RFC is more than the 32 bytes of a key, which are the first of them.
  const counted = (first: number, length: number) => Uint8Array.from({ length }, (_, at) => first + at);
  it.each([
    [
      'A.1',
      filled(0x0b, 22),
      counted(0x00, 13),
      counted(0xf0, 10),
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf',
    ],
    [
      'A.2',
      counted(0x00, 80),
      counted(0x60, 80),
      counted(0xb0, 80),
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c',
    ],
    ['A.3', filled(0x0b, 22), '', '', '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d'],
  ])('derive by HKDF-SHA256 as RFC 5869 says (%s)', (_case, secret, salt, info, key) => {
    expect(hex(hkdf(secret, salt, info))).toBe(key);
  });

  it('derive the same keys for ever, each for one purpose', () => {
    const all = Object.entries(keys).map(([name, key]) => `${name} ${hex(key).slice(0, 16)}`);
    expect(all).toMatchInlineSnapshot(`
      [
        "id 04dad34402c48c1e",
        "data e4471f9084aef112",
        "seal 3ee3c4727d7d0499",
        "name 2f85b4a3028cb3e0",
        "proof f3fae8eda26500ae",
      ]
    `);
    expect(hex(deriveKeys(MASTER, 'another').data)).not.toBe(hex(keys.data));
    expect(nameTag(keys, 'a', 'b')).not.toBe(nameTag(keys, 'ab'));
  });
});

describe('a key slot', () => {
  const source = { passphrase: new Secret('pa\u0308ss') };

  it('opens with its passphrase, however it is composed, and with no other', async () => {
    const bytes = await serializeKeySlot(MASTER, keys, source, cheap, place);
    const claimed = parseClaimed(bytes, place.object);
    const slot = parseKeySlot(claimed, place.object);
    expect(isProven(claimed, keys.proof)).toBe(true);
    expect(await openKeySlot(slot, { passphrase: new Secret('p\u00e4ss') }, place)).toEqual(MASTER);
    expect(await openKeySlot(slot, { passphrase: new Secret('pass') }, place)).toBeUndefined();
    expect(await openKeySlot(slot, source, { ...place, object: 'keys/two' })).toBeUndefined();
    expect(bytes.toString()).not.toContain('ss"}');
  });

  it('opens with the key provider that it names, and no other', async () => {
    const provider = {
      name: 'kms',
      wrap: async (key: Uint8Array) => key.map((byte) => byte ^ 0xff),
      unwrap: async (key: Uint8Array) => key.map((byte) => byte ^ 0xff),
    };
    const bytes = await serializeKeySlot(MASTER, keys, { provider }, cheap, place);
    const slot = parseKeySlot(parseClaimed(bytes, place.object), place.object);
    expect(hex((await openKeySlot(slot, { provider }, place)) ?? new Uint8Array())).toBe(hex(MASTER));
    expect(await openKeySlot(slot, { provider: { ...provider, name: 'other' } }, place)).toBeUndefined();
    expect(await openKeySlot(slot, source, place)).toBeUndefined();
  });

  it.each([
    [
      'a cost that would take all memory',
      { kind: 'scrypt', costLog2: 40, blockSize: 8, parallel: 1, salt: '00'.repeat(32) },
    ],
    ['a short salt', { kind: 'scrypt', costLog2: 14, blockSize: 8, parallel: 1, salt: '00' }],
    ['an unknown kind', { kind: 'magic' }],
  ])('with %s is refused before anything is computed', (_what, fields) => {
    const record = { format: 'sendense-key-slot', version: 1, label: '', wrapped: '00', ...fields };
    const claimed = parseClaimed(serializeProven(record, keys.proof), 'keys/one');
    expect(() => parseKeySlot(claimed, 'keys/one')).toThrow(/no key slot/);
  });

  it('of a newer version is told as such', () => {
    const claimed = parseClaimed(serializeProven({ version: 2 }, keys.proof), 'keys/one');
    expect(() => parseKeySlot(claimed, 'keys/one')).toThrow(/newer version/);
  });
});
