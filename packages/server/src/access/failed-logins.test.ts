import { expect, it } from 'vitest';
import { FailedLogins, networkOf } from './failed-logins.ts';

let nowMs = 0;
const clock = { monotonicMs: () => nowMs };

it('counts failures of a network for a minute', () => {
  nowMs = 1000;
  const logins = new FailedLogins(2, clock);
  expect([logins.fail('192.0.2.1'), logins.fail('192.0.2.1')]).toEqual([undefined, undefined]);
  nowMs = 11_000;
  expect(logins.fail('192.0.2.1')).toBe(50_000);
  expect(logins.fail('192.0.2.2')).toBeUndefined();
  nowMs = 61_000;
  expect(logins.fail('192.0.2.1')).toBeUndefined();
});

it('forgets the network that failed longest ago when there are very many', () => {
  nowMs = 0;
  const logins = new FailedLogins(1, clock);
  logins.fail('first');
  for (let n = 0; n < 9999; n++) logins.fail(`n${n}`);
  expect(logins.fail('first')).toBe(60_000);
  for (let n = 0; n < 9999; n++) logins.fail(`m${n}`);
  expect(logins.size).toBe(10_000);
  expect(logins.fail('first')).toBe(60_000);
  expect(logins.fail('n0')).toBeUndefined();
});

it('takes the addresses of one IPv6 network for one party', () => {
  const network = networkOf('2001:db8:1:2:3:4:5:6');
  expect(network).toBe('2001:db8:1:2::/64');
  for (const same of ['2001:DB8:1:2::', '2001:0db8:0001:0002::9', '2001:db8:1:2:ffff::1%eth0'])
    expect(networkOf(same), same).toBe(network);
  for (const other of ['2001:db8:1:3::1', '2001:db8::1:2:3:4', '::1'])
    expect(networkOf(other), other).not.toBe(network);
  expect(networkOf('::ffff:192.0.2.7')).toBe(networkOf('192.0.2.7'));
});
