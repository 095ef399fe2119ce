import type { FoundTag } from '@sendense/platform-vmware';
import { describe, expect, it } from 'vitest';
import { chooseTags, type TagsThere } from './choose-tags.ts';
import { Outcomes } from './outcomes.ts';

const WEB: FoundTag = { category: 'owner', name: 'web', id: 'urn:1' };

function chosen(keys: readonly string[], there: TagsThere, platform = 'vmware') {
  const outcomes = new Outcomes();
  const tags = chooseTags(
    { platform, tags: Object.fromEntries(keys.map((key) => [key, ''])) },
    there,
    outcomes,
  );
  const properties = outcomes.properties.map(({ property, outcome }) => `${property} ${outcome}`);
  return { tags, properties, told: outcomes.findings.map(({ code, message }) => `${code}: ${message}`) };
}

describe('the tags of a machine', () => {
  it('are kept where the server has them', () => {
    expect(chosen(['owner/web'], { found: [WEB] })).toEqual({
      tags: [WEB],
      properties: ['tags.owner/web kept'],
      told: [],
    });
  });

  it('are lost one by one where it has not, and those are told by name', () => {
    const { tags, properties, told } = chosen(['owner/web', 'owner/mail', 'team'], { found: [WEB] });
    expect(tags).toEqual([WEB]);
    expect(properties).toEqual(['tags.owner/web kept', 'tags.owner/mail lost', 'tags.team lost']);
    expect(told).toEqual([expect.stringMatching(/^tags-lost: .*the tags owner\/mail, team:/)]);
  });

  it.each([
    ['which another platform gave', { found: [WEB] }, 'aws', /they are of aws/],
    [
      'of which the server tells nothing',
      { found: [], why: 'it has a bad day' },
      'vmware',
      /it has a bad day/,
    ],
  ])('%s are lost all', (_which, there, platform, why) => {
    const { tags, properties, told } = chosen(['owner/web'], there, platform);
    expect([tags, properties]).toEqual([[], ['tags lost']]);
    expect(told).toEqual([expect.stringMatching(why)]);
  });

  it('that are not there are not told of', () => {
    expect(chosen([], { found: [], why: 'none' })).toEqual({ tags: [], properties: [], told: [] });
  });
});
