import { expect, it } from 'vitest';
import { refuseForeignPages } from './host-check.ts';

it.each(['localhost', 'localhost:8080', '127.0.0.1:80', '[::1]:8080', 'LOCALHOST:1'])('takes %s', (host) => {
  expect(() => refuseForeignPages({ host })).not.toThrow();
});

it.each([
  undefined,
  '',
  'evil.example',
  'evil.example:80',
  'localhost.evil.example',
  'localhost@evil.example',
  '127.0.0.1.evil.example',
  '[::1].evil.example',
  '192.168.0.1',
  'localhost:80:80',
])('refuses %s', (host) => {
  expect(() => refuseForeignPages({ host })).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }));
});
