import { expect, it } from 'vitest';
import { parseInlineName, unknownKind } from './parse-name.ts';

it('splits the kind from the rest, and leaves paths and names alone', () => {
  expect(parseInlineName('source', 'image:/a:b/c.raw')).toEqual({ kind: 'image', rest: '/a:b/c.raw' });
  expect(parseInlineName('target', 'image:')).toEqual({ kind: 'image', rest: '' });
  for (const text of ['/backups', './a:b', 'name', '../x', 'A:b', '']) {
    expect(parseInlineName('repository', text)).toBeUndefined();
  }
});

it.each(['s3://user:hunter2@bucket', 's3://bucket?secret=hunter2', 'vmware://root:hunter2@host/vm'])(
  'refuses the credential in %s without repeating it',
  (text) => {
    const parse = () => parseInlineName('repository', text);
    expect(parse).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(parse).not.toThrow('hunter2');
  },
);

it('tells a connector that is not installed from a word that is none', () => {
  expect(unknownKind('source', 'vmware', ['image']).code).toBe('UNSUPPORTED');
  expect(unknownKind('source', 'imgae', ['image'])).toMatchObject({
    code: 'CONFIG_INVALID',
    remedy: expect.stringContaining('image:'),
  });
});
