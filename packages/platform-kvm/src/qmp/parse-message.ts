import { type Json, SendenseError } from '@sendense/core';
import type { QmpEvent } from './qmp-client.ts';

/** The longest line that is read: a hundred disks with their bitmaps and backing chains are far below. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** The deepest nesting that is read; QEMU's deepest answer (a block graph) has less than twenty. */
export const MAX_DEPTH = 64;

/** A message of the server, by the QMP specification (docs/interop/qmp-spec of QEMU). */
export type QmpMessage =
  | { readonly kind: 'greeting'; readonly version: readonly [number, number, number] }
  | { readonly kind: 'return'; readonly id: Json | undefined; readonly value: Json }
  | { readonly kind: 'error'; readonly id: Json | undefined; readonly failure: QmpFailure }
  | { readonly kind: 'event'; readonly event: QmpEvent };

/** QEMU's account of a failed command. */
export type QmpFailure = { readonly class: string; readonly description: string };

/** The error for a peer that does not speak QMP. */
export function notQmp(what: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the monitor sent ${what}`, {
    operation: 'read-qmp',
    remedy: 'check that the socket is a QMP monitor (-qmp or -mon mode=control), not a human monitor',
  });
}

type JsonObject = { readonly [key: string]: Json };

/** `value` when it is an object that is no list. */
export function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** Throws before `JSON.parse` is given something that is nested without end. Brackets in strings do not count. */
function checkDepth(line: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line.charCodeAt(at);
    if (quoted) {
      if (char === 0x5c) at += 1;
      else if (char === 0x22) quoted = false;
    } else if (char === 0x22) quoted = true;
    else if (char === 0x7b || char === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) throw notQmp(`a message nested deeper than ${MAX_DEPTH}`);
    } else if (char === 0x7d || char === 0x5d) depth -= 1;
  }
}

function parseJson(line: string): JsonObject {
  checkDepth(line);
  let value: Json;
  try {
    value = JSON.parse(line) as Json;
  } catch {
    throw notQmp(`a line that is not JSON: ${JSON.stringify(line.slice(0, 80))}`);
  }
  return asObject(value) ?? notAnObject();
}

function notAnObject(): never {
  throw notQmp('a message that is not an object');
}

function counted(value: Json | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw notQmp('a number that is none');
}

function parseGreeting(greeting: JsonObject): QmpMessage {
  const qemu = asObject(asObject(greeting.version)?.qemu);
  if (qemu === undefined) throw notQmp('a greeting without a version');
  return { kind: 'greeting', version: [counted(qemu.major), counted(qemu.minor), counted(qemu.micro)] };
}

function parseFailure(error: JsonObject, id: Json | undefined): QmpMessage {
  const { class: name, desc } = error;
  if (typeof name !== 'string' || typeof desc !== 'string') throw notQmp('an error without a description');
  return { kind: 'error', id, failure: { class: name, description: desc } };
}

/** The most milliseconds that a `Date` holds. */
const LAST_DATE_MS = 8.64e15;

function parseEvent(name: string, message: JsonObject): QmpMessage {
  const stamp = asObject(message.timestamp);
  // QEMU gives -1 for both when the host has no clock
  const seconds = typeof stamp?.seconds === 'number' ? stamp.seconds : 0;
  const microseconds = typeof stamp?.microseconds === 'number' ? stamp.microseconds : 0;
  const ms = seconds * 1000 + microseconds / 1000;
  if (!(Math.abs(ms) <= LAST_DATE_MS)) throw notQmp('an event with an impossible time');
  return { kind: 'event', event: { name, data: asObject(message.data) ?? {}, at: new Date(ms) } };
}

/** Reads one line of a QMP server. Throws `PROTOCOL_VIOLATION` for anything that the specification does not know. */
export function parseMessage(line: string): QmpMessage {
  const message = parseJson(line);
  const greeting = asObject(message.QMP);
  if (greeting !== undefined) return parseGreeting(greeting);
  const error = asObject(message.error);
  if (error !== undefined) return parseFailure(error, message.id);
  if (message.return !== undefined) return { kind: 'return', id: message.id, value: message.return };
  if (typeof message.event === 'string') return parseEvent(message.event, message);
  throw notQmp('a message that is no greeting, answer or event');
}
