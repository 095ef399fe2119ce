import { describe, expect, it } from 'vitest';
import { descriptorText } from '../../test/vmdk/esx-extents.ts';
import { parseDescriptor } from './descriptor.ts';
import { newContentId, writeDescriptor } from './write-descriptor.ts';

const FLAT = { createType: 'monolithicFlat', extents: ['RW 100 FLAT "a-flat.vmdk" 0'] };

function parse(text: string, encoding: 'utf8' | 'latin1' = 'utf8') {
  return parseDescriptor(Buffer.from(text, encoding));
}

describe('a descriptor', () => {
  it('tells type, ids and extents, whatever line ends, blanks and comments it has', () => {
    const text = descriptorText({
      createType: 'vmfs',
      contentId: 'ABC1 ',
      extents: ['RW 20 VMFS "x-flat.vmdk"', '  RDONLY 7 ZERO  ', 'RW 5 FLAT "y" 63'],
      more: 'ddb.geometry.heads = "255"\r\n  # ddb\r\nchangeTrackPath="x-ctk.vmdk"',
    });
    expect(parse(`${text}\0\0garbage`)).toEqual({
      createType: 'vmfs',
      contentId: '0000abc1',
      extents: [
        { access: 'RW', sectors: 20, type: 'VMFS', file: 'x-flat.vmdk', offset: 0 },
        { access: 'RDONLY', sectors: 7, type: 'ZERO' },
        { access: 'RW', sectors: 5, type: 'FLAT', file: 'y', offset: 63 },
      ],
    });
  });

  it('is read back as it was written', () => {
    const contentId = newContentId();
    const extents = [{ access: 'RW', sectors: 8, type: 'SPARSE', file: 'disk é.vmdk' }] as const;
    const written = { createType: 'streamOptimized', contentId, adapterType: 'lsilogic', sizeBytes: 4096 };
    expect(parseDescriptor(writeDescriptor({ ...written, extents }))).toEqual({
      createType: 'streamOptimized',
      contentId,
      extents,
    });
  });

  it('names its parent, and looks for it also beside itself', () => {
    const names = (hint: string) =>
      parse(descriptorText({ ...FLAT, parent: { hint, contentId: '2222aaaa' } })).parent?.names;
    expect(names('base.vmdk')).toEqual(['base.vmdk']);
    expect(names('/vmfs/volumes/a/b.vmdk')).toEqual(['/vmfs/volumes/a/b.vmdk', 'b.vmdk']);
    expect(names('C:\\vm\\b.vmdk')).toEqual(['b.vmdk']);
  });

  it('is decoded by the encoding it states', () => {
    const extents = ['RW 100 FLAT "größe.vmdk" 0'];
    const latin = descriptorText({ ...FLAT, extents, more: 'encoding="windows-1252"' });
    expect(parse(latin, 'latin1').extents).toMatchObject([{ file: 'größe.vmdk' }]);
    const unstated = descriptorText({ ...FLAT, extents });
    expect(() => parse(unstated, 'latin1')).toThrow(expect.objectContaining({ code: 'FORMAT_INVALID' }));
  });

  it.each([
    ['an unknown encoding', { more: 'encoding="klingon"' }, 'FORMAT_UNSUPPORTED', /klingon/],
    ['an unknown type', { createType: 'vmfsRawDeviceMap' }, 'FORMAT_UNSUPPORTED', /vmfsRawDeviceMap/],
    ['a raw device', { extents: ['RW 9 VMFSRDM "x"'] }, 'FORMAT_UNSUPPORTED', /VMFSRDM/],
    ['no access', { extents: ['NOACCESS 9 FLAT "x" 0'] }, 'FORMAT_UNSUPPORTED', /NOACCESS/],
    ['no extents', { extents: [] }, 'FORMAT_INVALID', /no extents/],
    ['an empty extent', { extents: ['RW 0 SPARSE "x"'] }, 'FORMAT_INVALID', /size/],
    ['a huge extent', { extents: ['RW 999999999999999 SPARSE "x"'] }, 'FORMAT_INVALID', /size/],
    ['a flat extent without offset', { extents: ['RW 9 FLAT "x"'] }, 'FORMAT_INVALID', /offset/],
    ['a sparse extent with offset', { extents: ['RW 9 SPARSE "x" 8'] }, 'FORMAT_INVALID', /offset/],
    ['a wrong id', { contentId: 'xyz' }, 'FORMAT_INVALID', /CID/],
    ['two ids', { more: 'CID=33333333' }, 'FORMAT_INVALID', /twice/],
    ['a line that says nothing', { more: 'hello world' }, 'FORMAT_INVALID', /hello world/],
    ['a parent with no id', { more: 'parentFileNameHint="a"' }, 'FORMAT_INVALID', /none/],
    ['a parent with no name', { parent: { hint: '', contentId: '22222222' } }, 'FORMAT_INVALID', /name/],
  ] as const)('with %s is refused', (_, options, code, message) => {
    const act = () => parse(descriptorText({ ...FLAT, ...options }));
    expect(act).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('with an unknown version, or longer than any disk needs, is refused', () => {
    const text = descriptorText(FLAT);
    expect(() => parse(text.replace('version=1', 'version=9'))).toThrow(/version "9"/);
    expect(() => parse(text + '#'.repeat(1024 * 1024))).toThrow(/more than 1048576 bytes/);
    const many = Array.from({ length: 4097 }, () => 'RW 1 ZERO');
    expect(() => parse(descriptorText({ ...FLAT, extents: many }))).toThrow(/more than 4096 extents/);
  });
});
