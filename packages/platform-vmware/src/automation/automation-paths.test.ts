import { describe, expect, it } from 'vitest';
import { addressOf, bodyOf, likelyPaths, valueIn } from './automation-paths.ts';

describe('a request of the automation API', () => {
  const get = { method: 'GET', of: 'tagging/tag', id: 'urn:vmomi:Tag:1 a/b:GLOBAL' } as const;
  const act = { method: 'POST', of: 'tagging/tag-association', action: 'list', body: { a: [1] } } as const;
  const about = {
    method: 'POST',
    of: 'tagging/tag',
    action: 'of',
    about: { field: 'category_id', id: 'urn:1' },
  } as const;

  it.each([
    [get, '/api/cis/tagging/tag/urn:vmomi:Tag:1%20a%2Fb:GLOBAL', undefined],
    [act, '/api/cis/tagging/tag-association?action=list', '{"a":[1]}'],
    [about, '/api/cis/tagging/tag?action=of', '{"category_id":"urn:1"}'],
  ])('goes below /api as documented (%#)', (request, address, body) => {
    expect(addressOf('api', request)).toBe(address);
    expect(bodyOf('api', request)).toBe(body);
  });

  it.each([
    [get, '/rest/com/vmware/cis/tagging/tag/id:urn:vmomi:Tag:1%20a%2Fb:GLOBAL', undefined],
    [act, '/rest/com/vmware/cis/tagging/tag-association?~action=list', '{"a":[1]}'],
    [about, '/rest/com/vmware/cis/tagging/tag/id:urn:1?~action=of', undefined],
  ])('goes below /rest as documented (%#)', (request, address, body) => {
    expect(addressOf('rest', request)).toBe(address);
    expect(bodyOf('rest', request)).toBe(body);
  });

  it('is answered by the value itself, or by a field of it', () => {
    expect(valueIn('api', '["a"]')).toEqual(['a']);
    expect(valueIn('rest', '{"value":["a"]}')).toEqual(['a']);
    for (const paths of ['api', 'rest'] as const) expect(valueIn(paths, '')).toBeUndefined();
    expect(valueIn('rest', '{}')).toBeUndefined();
  });

  it.each([
    ['6.5', 'rest'],
    ['7.0.1.0', 'rest'],
    ['7.0.2.0', 'api'],
    ['8.0.0.0', 'api'],
    ['9.0.0.0', 'api'],
    ['10.0', 'api'],
    ['', 'rest'],
  ])('of a server of version %s is first asked below /%s', (version, first) => {
    expect(likelyPaths(version)[0]).toBe(first);
    expect(likelyPaths(version)).toHaveLength(2);
  });
});
