import { SendenseError } from '@sendense/core';
import { childOf, textOf } from '@sendense/plugin-kit/xml';
import { describe, expect, it, test } from 'vitest';
import { LOGIN_FAULT, simulatorReply, vcenterReply } from '../../test/support/replies.ts';
import { decodeReply, encodeRequest, MAX_REPLY_BYTES } from './envelope.ts';
import { xsiTypeOf } from './read-element.ts';
import { vimObject } from './vim-value.ts';

const target = { type: 'PropertyCollector', id: 'propertyCollector' };

describe('encodeRequest', () => {
  const start = vimObject([['name', 'view']], 'TraversalSpec');
  const text = encodeRequest('Some_Task', target, [
    ['a', 'x < "y" & z'],
    ['b', [1, 2]],
    ['c', undefined],
    ['d', false],
    ['e', { type: 'VirtualMachine', id: 'vm-1' }],
    ['f', start],
    ['g', { xsiType: 'xsd:string', text: 'z' }],
  ]);
  const flat = text.replaceAll(/\n\s*/g, '');

  it('keeps the order in which fields are given, and the target before them', () => {
    expect([...flat.matchAll(/<(_this|[a-g])[ >]/g)].map(([, name]) => name)).toEqual([
      '_this',
      'a',
      'b',
      'b',
      'd',
      'e',
      'f',
      'g',
    ]);
  });

  it('names objects by type, and the type of what could be several', () => {
    expect(flat).toContain(
      '<Some_Task xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this>',
    );
    expect(flat).toContain(
      '<e type="VirtualMachine">vm-1</e><f xsi:type="TraversalSpec"><name>view</name></f><g xsi:type="xsd:string">z</g>',
    );
  });

  it('escapes text and leaves out what has no value', () => {
    expect(flat).toContain('<a>x &lt; &quot;y&quot; &amp; z</a><b>1</b><b>2</b><d>false</d>');
  });
});

describe('decodeReply', () => {
  const time =
    '<CurrentTimeResponse xmlns="urn:vim25"><returnval>2026-11-21T00:00:00Z</returnval></CurrentTimeResponse>';

  it.each([
    ['vCenter', vcenterReply(time)],
    ['the simulator', simulatorReply(time)],
  ])('reads the envelope of %s', (_who, text) => {
    const reply = decodeReply(text, 'CurrentTime');
    expect(reply.kind === 'result' && textOf(reply.response, 'returnval')).toBe('2026-11-21T00:00:00Z');
  });

  it('reads the type of a value whatever its prefix is', () => {
    const of = (attribute: string) => {
      const body = `<XResponse><returnval ${attribute}="vim25:Task" type="other"/></XResponse>`;
      const reply = decodeReply(simulatorReply(body), 'X');
      return reply.kind === 'result' ? xsiTypeOf(childOf(reply.response, 'returnval')) : undefined;
    };
    expect([of('xsi:type'), of('XMLSchema-instance:type')]).toEqual(['Task', 'Task']);
  });

  it('reads faults by type, else by element, else as what the server is', () => {
    expect(decodeReply(LOGIN_FAULT, 'Login')).toMatchObject({
      kind: 'fault',
      fault: { name: 'InvalidLogin', message: expect.stringContaining('incorrect user name') },
    });
    const fault = (detail: string) =>
      decodeReply(vcenterReply(`<soapenv:Fault><faultstring>no</faultstring>${detail}</soapenv:Fault>`), 'X');
    expect(
      fault('<detail><NoPermissionFault><privilegeId>A.B</privilegeId></NoPermissionFault></detail>'),
    ).toEqual({
      kind: 'fault',
      fault: { name: 'NoPermission', message: 'no', privilege: 'A.B' },
    });
    expect(fault('')).toMatchObject({ fault: { name: 'ServerFault' } });
  });

  test.each([
    ['an entity', `<!DOCTYPE x [<!ENTITY a "b">]>${vcenterReply(time)}`, 'FORMAT_INVALID'],
    ['a page of a proxy', '<html><body><p>Bad gateway<br></body></html>', 'FORMAT_INVALID'],
    ['nothing', '', 'FORMAT_INVALID'],
    ['elements without end', '<a>'.repeat(10_000), 'FORMAT_INVALID'],
    ['deep elements', vcenterReply('<a>'.repeat(100) + '</a>'.repeat(100)), 'FORMAT_INVALID'],
    ['too much', ' '.repeat(MAX_REPLY_BYTES + 1), 'FORMAT_INVALID'],
    ['the answer to something else', vcenterReply('<LoginResponse/>'), 'PROTOCOL_VIOLATION'],
    ['another document', '<feed/>', 'PROTOCOL_VIOLATION'],
  ] as const)('refuses %s', (_what, text, code) => {
    const read = () => decodeReply(text, 'CurrentTime');
    expect(read).toThrow(SendenseError);
    expect(read).toThrow(expect.objectContaining({ code }));
  });

  it('leaves an entity that nobody declared as it is written', () => {
    const reply = decodeReply(vcenterReply('<XResponse><returnval>&bomb;&#65;</returnval></XResponse>'), 'X');
    expect(reply.kind === 'result' && textOf(reply.response, 'returnval')).toBe('&bomb;A');
  });
});
