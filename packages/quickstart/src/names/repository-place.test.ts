import { SendenseError } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { parseRepositoryPlace, repositoryFolder, repositoryLocation } from './repository-place.ts';

const parse = (name: string) => parseRepositoryPlace(name, '/work');

function refusal(name: string): SendenseError {
  try {
    parse(name);
  } catch (error) {
    if (SendenseError.is(error)) return error;
  }
  throw new Error(`${name} was accepted`);
}

describe('the name of a repository', () => {
  it('is a folder of chains, a folder of objects, or a place in a service', () => {
    expect(parse('backups')).toEqual({ kind: 'local', path: '/work/backups' });
    expect(parse('local:/backups')).toEqual({ kind: 'local', path: '/backups' });
    expect(parse('dir:objects')).toEqual({ kind: 'dir', path: '/work/objects' });
    expect(parse('s3://bucket/a/b/')).toEqual({ kind: 's3', bucket: 'bucket', prefix: 'a/b', settings: {} });
    expect(parse('s3://bucket')).toMatchObject({ bucket: 'bucket', prefix: '' });
    expect(parse('azure://account/box/a/b?tier=Cool')).toEqual({
      kind: 'azure',
      account: 'account',
      container: 'box',
      prefix: 'a/b',
      settings: { tier: 'Cool' },
    });
  });

  it('becomes a location that reads back the same from any folder', () => {
    for (const name of [
      'backups',
      'dir:objects',
      's3://bucket/a?endpoint=https%3A%2F%2Fs3.example.com%3A9000&region=eu-1&pathStyle=true&caFile=ca.pem',
      'azure://account/box?endpoint=http://127.0.0.1:10000/account',
    ]) {
      const place = parse(name);
      expect(parseRepositoryPlace(repositoryLocation(place), '/elsewhere')).toEqual(place);
    }
    expect(repositoryLocation(parse('s3://bucket/a?caFile=ca.pem'))).toBe(
      's3://bucket/a?caFile=%2Fwork%2Fca.pem',
    );
  });

  it('tells which folder must not be written to', () => {
    expect(repositoryFolder(parse('dir:objects'))).toBe('/work/objects');
    expect(repositoryFolder(parse('s3://bucket'))).toBeNull();
  });

  it('says what is missing, unknown or given twice', () => {
    for (const name of ['s3:bucket', 's3://', 's3:///prefix?region=x&region=y', 'azure://account', 'azure:x'])
      expect(refusal(name)).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(refusal('s3://b?colour=red').message).toContain('colour');
    expect(refusal('gs://bucket')).toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('never repeats a credential that somebody put into it', () => {
    for (const name of [
      's3://hunter2:hunter2@bucket/prefix',
      's3://bucket/prefix?secret=hunter2',
      's3://bucket?endpoint=https://user:hunter2@example.com',
      's3://bucket?endpoint=https%3A%2F%2Fuser%3Ahunter2%40example.com',
      's3://bucket?endpoint=https:user%3Ahunter2%40example.com',
      'azure://account/box?endpoint=https%3A%2F%2Fhunter2%40example.com',
      's3://bucket?accessKeyId=hunter2',
      'azure://account/box?sv=2024&sig=hunter2',
      'azure://account/box?sv=hunter2',
    ]) {
      const { code, message, remedy } = refusal(name);
      expect(code).toBe('CONFIG_INVALID');
      expect(`${message} ${remedy ?? ''}`).not.toContain('hunter2');
    }
  });
});
