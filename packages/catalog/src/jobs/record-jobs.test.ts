import { EventEmitter } from 'node:events';
import { SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import { errorOf } from '../../test/outcome.ts';
import { openCatalog } from '../catalog.ts';
import type { JobEndEvent, JobStartEvent } from './job-events.ts';

const at = new Date('2026-10-04T12:00:00.000Z');
const subject = { machine: 'm', machineName: 'vm', repository: 'r' };
const start: JobStartEvent = { jobId: 'j1', verb: 'backup', subject, at };
const completed: JobEndEvent = {
  ...start,
  outcome: 'completed',
  error: null,
  result: {
    pointId: 'p1',
    kind: 'full',
    reason: 'first-backup',
    bytesRead: 10,
    changedBytes: 20,
    bytesStored: 30,
    findings: [{ severity: 'info', code: 'x', message: 'y' }],
  },
};

it('records a backup from its start to its result', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const events = new EventEmitter();
  await using recording = catalog.jobs.record(events, { holder: 'h', requestedType: 'full' });
  events.emit('job-start', start);
  await recording.settled();
  expect(await catalog.jobs.get('j1')).toMatchObject({
    status: 'running',
    type: null,
    requestedType: 'full',
  });
  events.emit('job-end', completed);
  await recording.settled();
  expect(await catalog.jobs.get('j1')).toEqual({
    kind: 'backup',
    id: 'j1',
    status: 'completed',
    holder: 'h',
    createdAt: at.toISOString(),
    startedAt: at.toISOString(),
    finishedAt: at.toISOString(),
    error: null,
    machineKey: 'm',
    machineName: 'vm',
    repositoryId: 'r',
    requestedType: 'full',
    type: 'full',
    reason: 'first-backup',
    pointId: 'p1',
    bytesRead: 10,
    changedBytes: 20,
    bytesStored: 30,
  });
});

it('records a restore that fails and is resumed, with its steps', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const events = new EventEmitter();
  await using recording = catalog.jobs.record(events, { holder: 'h', target: 'image:/x' });
  const error = new SendenseError('NO_SPACE', 'full', { operation: 'copy' });
  const restore = { ...start, verb: 'restore' };
  events.emit('job-start', restore);
  for (const step of ['check', 'copy']) {
    events.emit('step-start', { jobId: 'j1', verb: 'restore', step, at });
    events.emit('step-end', {
      jobId: 'j1',
      verb: 'restore',
      step,
      at,
      error: step === 'copy' ? error : null,
    });
  }
  events.emit('job-end', { ...restore, outcome: 'failed', error, result: null });
  await recording.settled();
  expect(await catalog.jobs.get('j1')).toMatchObject({ status: 'failed', error: { code: 'NO_SPACE' } });
  expect((await catalog.jobs.steps('j1')).map(({ name, state }) => [name, state])).toEqual([
    ['check', 'completed'],
    ['copy', 'failed'],
  ]);

  events.emit('job-start', restore);
  await recording.settled();
  expect(await catalog.jobs.get('j1')).toMatchObject({ status: 'running', error: null, finishedAt: null });
  events.emit('step-start', { jobId: 'j1', verb: 'restore', step: 'copy', at });
  events.emit('step-end', { jobId: 'j1', verb: 'restore', step: 'copy', at, error: null });
  const result = { bytesWritten: 7, verified: true, findings: [] };
  events.emit('job-end', { ...restore, outcome: 'completed', error: null, result });
  await recording.settled();
  expect(await catalog.jobs.get('j1')).toMatchObject({
    kind: 'restore',
    status: 'completed',
    error: null,
    target: 'image:/x',
    bytesWritten: 7,
    verified: true,
  });
  expect((await catalog.jobs.steps('j1')).map(({ state }) => state)).toEqual(['completed', 'completed']);
});

it('hears nothing after it was disposed, and leaves other verbs out', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const events = new EventEmitter();
  const recording = catalog.jobs.record(events, { holder: 'h' });
  events.emit('job-start', { ...start, verb: 'prune' });
  await recording[Symbol.asyncDispose]();
  events.emit('job-start', start);
  expect(await catalog.jobs.list()).toEqual([]);
});

it('tells of an event that could not be written', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const events = new EventEmitter();
  const recording = catalog.jobs.record(events, { holder: 'h' });
  events.emit('job-start', start);
  events.emit('job-start', start);
  expect((await errorOf(recording.settled())).code).toBe('UNEXPECTED');
});

it('passes on a wish to cancel, to a running job only', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const events = new EventEmitter();
  const recording = catalog.jobs.record(events, { holder: 'h' });
  events.emit('job-start', start);
  await recording.settled();
  expect(await catalog.jobs.cancelRequested('j1')).toBe(false);
  await catalog.jobs.requestCancel('j1');
  expect(await catalog.jobs.cancelRequested('j1')).toBe(true);
  expect((await errorOf(catalog.jobs.requestCancel('j2'))).code).toBe('NOT_FOUND');
  events.emit('job-start', { ...start, jobId: 'j3' });
  events.emit('job-end', { ...completed, jobId: 'j3' });
  await recording.settled();
  await catalog.jobs.requestCancel('j3');
  expect(await catalog.jobs.cancelRequested('j3')).toBe(false);
});

it('closes the running jobs of processes that are no more', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const events = new EventEmitter();
  const dead = catalog.jobs.record(events, { holder: 'dead' });
  events.emit('job-start', start);
  await dead[Symbol.asyncDispose]();
  await using alive = catalog.jobs.record(events, { holder: 'alive' });
  events.emit('job-start', { ...start, jobId: 'j2' });
  await alive.settled();
  expect(await catalog.jobs.closeAbandoned((holder) => holder === 'alive')).toEqual(['j1']);
  expect(await catalog.jobs.get('j1')).toMatchObject({
    status: 'failed',
    error: { code: 'CONNECTION_LOST' },
  });
  expect(await catalog.jobs.list({ status: 'running' })).toHaveLength(1);
});
