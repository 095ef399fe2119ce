import { describe, expect, it } from 'vitest';
import {
  change,
  failedTask,
  faultReply,
  PASSWORD,
  scripted,
  taskScript,
  update,
} from '../../test/support/scripted-session.ts';
import { waitForTask } from './wait-for-task.ts';

describe('waiting for a task', () => {
  const task = { type: 'Task', id: 'task-1' };

  it('goes on from the version it has, through answers without news, and tells progress', async () => {
    const { session, sent } = scripted(
      taskScript([
        update(1, change('info.state', 'running')),
        '<WaitForUpdatesExResponse/>',
        update(2, change('info.progress', '40')),
        update(3, change('info.state', 'success') + change('info.result', 'done')),
      ]),
    );
    await session.open();
    const told: number[] = [];
    const result = await waitForTask(session, task, 'X_Task', { onPercent: (percent) => told.push(percent) });
    expect([result?.text, told]).toEqual(['done', [40]]);
    const versions = sent
      .filter(({ method }) => method === 'WaitForUpdatesEx')
      .map(({ body }) => /<version>(.*?)<\/version>|<version\/>/.exec(body)?.[1] ?? '');
    expect(versions).toEqual(['', '1', '1', '2']);
    expect(sent.at(-1)?.method).toBe('DestroyPropertyCollector');
  });

  it('ends with the fault of the task', async () => {
    const fault =
      '<fault xmlns:i="x" i:type="FilesystemQuiesceFault"/><localizedMessage>the guest did not rest</localizedMessage>';
    const { session } = scripted(
      taskScript([update(1, change('info.state', 'error') + change('info.error', fault))]),
    );
    await session.open();
    await expect(waitForTask(session, task, 'CreateSnapshot_Task')).rejects.toMatchObject({
      code: 'QUIESCE_FAILED',
      message: expect.stringContaining('the guest did not rest'),
      context: { fault: 'FilesystemQuiesceFault', method: 'CreateSnapshot_Task' },
    });
  });

  it.each([
    ['its caller cancels', () => '<WaitForUpdatesExResponse/>', 'ABORTED'],
    ['a session cannot be kept', () => faultReply('NotAuthenticated'), 'EXPIRED'],
    ['the collector is gone', () => faultReply('ManagedObjectNotFound', '<obj>own</obj>'), 'NOT_FOUND'],
    ['the reply is broken', () => '<', 'FORMAT_INVALID'],
  ])('leaves open what the task does when %s', async (kind, answer, code) => {
    const caller = new AbortController();
    const WaitForUpdatesEx = () => {
      if (kind === 'its caller cancels') caller.abort();
      return answer();
    };
    const { session } = scripted({ ...taskScript([]), WaitForUpdatesEx });
    await session.open();
    const { signal } = caller;
    await expect(waitForTask(session, task, 'X_Task', { signal })).rejects.toMatchObject({
      code,
      effect: 'unknown',
    });
  });

  /** Waits for a task of which `moves` tell, each after so many answers without news of 20 s. */
  async function waited(
    moves: readonly { readonly idle: number; readonly news: string }[],
    patienceMs?: number,
  ) {
    let nowMs = 0;
    let version = 0;
    const left = moves.flatMap(({ idle, news }) => [...Array.from({ length: idle }, () => undefined), news]);
    const WaitForUpdatesEx = () => {
      if (left.length === 0) throw new Error('it is waited for after its end');
      const news = left.shift();
      version += 1;
      if (news !== undefined) return update(version, news);
      nowMs += 20_000;
      return '<WaitForUpdatesExResponse/>';
    };
    const { session, methods } = scripted({ ...taskScript([]), WaitForUpdatesEx });
    await session.open();
    const timer = { monotonicMs: () => nowMs };
    const call = { timer, ...(patienceMs === undefined ? {} : { patienceMs }) };
    const ended = await waitForTask(session, task, 'X_Task', call).then(
      () => 'ended',
      (error: unknown) => error,
    );
    return { ended, waitedMs: nowMs, last: methods().at(-1) };
  }

  const RUNS = { idle: 0, news: change('info.state', 'running') };
  const ENDS = change('info.state', 'success');

  it('ends when the task stands still for too long, and leaves open what it does', async () => {
    const { ended, waitedMs, last } = await waited([RUNS, { idle: 100, news: ENDS }], 300_000);
    expect(ended).toMatchObject({
      code: 'TIMEOUT',
      effect: 'unknown',
      message: expect.stringContaining('300 s'),
      context: { method: 'X_Task' },
    });
    expect(waitedMs).toBe(300_000);
    expect(last).toBe('DestroyPropertyCollector');
  });

  it('is two hours long when nothing else is said', async () => {
    const { ended, waitedMs } = await waited([RUNS, { idle: 500, news: ENDS }]);
    expect([ended, waitedMs]).toMatchObject([{ code: 'TIMEOUT' }, 7_200_000]);
  });

  it('goes on while the task does, however long it takes', async () => {
    const progress = (percent: number) => ({ idle: 14, news: change('info.progress', `${percent}`) });
    const moves = [RUNS, progress(1), progress(2), progress(3), { idle: 14, news: ENDS }];
    expect(await waited(moves, 300_000)).toMatchObject({ ended: 'ended', waitedMs: 1_120_000 });
    const same = [RUNS, progress(1), progress(1), progress(1), { idle: 0, news: ENDS }];
    expect(await waited(same, 300_000)).toMatchObject({ ended: { code: 'TIMEOUT' } });
  });

  it('leaves open what the task does when its caller fails to take the progress', async () => {
    const { session } = scripted(taskScript([update(1, change('info.progress', '1'))]));
    await session.open();
    const onPercent = () => {
      throw new Error('own fault');
    };
    await expect(waitForTask(session, task, 'X_Task', { onPercent })).rejects.toMatchObject({
      code: 'UNEXPECTED',
      effect: 'unknown',
      cause: { message: 'own fault' },
    });
  });

  it('tells a task that somebody cancelled at the server from one that its caller gave up', async () => {
    const { session } = scripted(taskScript([failedTask('RequestCanceled')]));
    await session.open();
    await expect(waitForTask(session, task, 'X_Task')).rejects.toMatchObject({
      code: 'CONFLICT',
      effect: 'none',
      context: { fault: 'RequestCanceled' },
    });
  });

  it('does not log in again for a task whose own fault is that of a session', async () => {
    const { session, methods } = scripted(
      taskScript([failedTask('NotAuthenticated'), failedTask('NotAuthenticated')]),
    );
    await session.open();
    await expect(waitForTask(session, task, 'X_Task')).rejects.toMatchObject({ code: 'EXPIRED' });
    expect(methods().filter((method) => method === 'Login')).toHaveLength(1);
  });

  it('keeps the password out of what the fault of a task says', async () => {
    const { session } = scripted(taskScript([failedTask(`Of${PASSWORD}`)]));
    await session.open();
    const error: unknown = await waitForTask(session, task, 'X_Task').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ context: { fault: 'Of[redacted]' } });
    expect(String(error)).not.toContain(PASSWORD);
  });
});
