import { describe, expect, it } from 'vitest';
import { reachedUrl } from './reached-url.ts';

const LEASED = 'https://esx1.lan:8443/nfc/52d1/disk-0.vmdk?x=1';

describe('the address of a lease', () => {
  it.each([
    ['with the port of the lease', { 'esx1.lan': '10.0.0.7' }, '10.0.0.7:8443'],
    ['with a port of its own', { 'esx1.lan': '10.0.0.7:9443' }, '10.0.0.7:9443'],
    ['with the usual port', { 'esx1.lan': '10.0.0.7:443' }, '10.0.0.7'],
    ['by its name and port first', { 'esx1.lan': 'a', 'esx1.lan:8443': 'b:1' }, 'b:1'],
    ['by IPv6', { 'esx1.lan': '[fd00::7]' }, '[fd00::7]:8443'],
    ['as it is, where it is not named', { 'esx2.lan': '10.0.0.8' }, 'esx1.lan:8443'],
  ])('is that of the host as it is reached: %s', (_how, addresses, host) => {
    expect(reachedUrl(new URL(LEASED), addresses).href).toBe(`https://${host}/nfc/52d1/disk-0.vmdk?x=1`);
  });

  it.each(['', 'a b', '10.0.0.7/other', 'https://10.0.0.7'])('is refused by %j', (address) => {
    const reach = () => reachedUrl(new URL(LEASED), { 'esx1.lan': address });
    expect(reach).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', remedy: expect.any(String) }));
  });
});
