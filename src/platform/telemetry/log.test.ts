import { describe, expect, it } from 'vitest';
import { parseJson } from '../../kernel/json.ts';
import { createLog, type LogLevel } from './log.ts';
import { redacted } from './redaction.ts';

function memoryLog(level: LogLevel = 'trace', secrets: string[] = []) {
  const raw: string[] = [];
  const log = createLog({ level, service: 'fairlead', secrets, destination: { write: (line) => void raw.push(line) } });
  const lines = () => raw.map((line) => parseJson(line) as Record<string, unknown>);
  return { log, raw, lines, last: () => lines().at(-1) };
}

describe('the log', () => {
  it('writes one JSON object a line with the promised fields [SP-18]', () => {
    const { log, raw, last } = memoryLog();
    log
      .child({ requestId: 'req_1', userId: 'key:1', orgId: 'default' })
      .child({ executionId: 'call_1', tool: 'files.read' })
      .info({ durationMs: 12 }, 'call ended %s', 'ok');
    expect(raw[0]?.endsWith('}\n')).toBe(true);
    expect(last()).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      severity: 'INFO',
      service: 'fairlead',
      requestId: 'req_1',
      userId: 'key:1',
      orgId: 'default',
      executionId: 'call_1',
      tool: 'files.read',
      durationMs: 12,
      message: 'call ended ok',
    });
  });

  it('names each severity and keeps quiet below its level [SP-18]', () => {
    const { log, lines } = memoryLog('warn');
    log.trace('a');
    log.debug('b');
    log.info('c');
    log.warn('d');
    log.error('e');
    log.fatal('f');
    expect(lines().map((line) => line.severity)).toEqual(['WARN', 'ERROR', 'FATAL']);
    const silent = memoryLog('silent');
    silent.log.fatal('x');
    expect(silent.raw).toEqual([]);
  });

  it('has one level, which a change at run time sets for every child too [SP-3] [SP-18]', () => {
    const { log, lines } = memoryLog('warn');
    const child = log.child({ upstream: 'files' });
    const grandchild = child.child({ requestId: 'req_1' }, { level: 'error' });
    const all = [log, child, grandchild];
    for (const each of all) each.info('before');
    expect(lines()).toEqual([]);
    expect(all.map((each) => each.isLevelEnabled('debug'))).toEqual([false, false, false]);
    log.level = 'debug';
    for (const each of all) each.debug('now');
    log.child({ late: true }).debug('now');
    expect(lines()).toHaveLength(4);
    expect(all.map((each) => each.level)).toEqual(['debug', 'debug', 'debug']);
    expect(all.map((each) => each.isLevelEnabled('debug'))).toEqual([true, true, true]);
    child.level = 'silent';
    for (const each of all) each.fatal('after');
    expect(lines()).toHaveLength(4);
    expect(() => Object.assign(log, { level: 'loud' })).toThrow(/loud/);
  });

  it('takes secrets out of messages, fields, bindings, errors and format arguments [SP-18]', () => {
    const { log, raw } = memoryLog('trace', ['configured-admin-key']);
    const token = 'Zx9-secret-Zx9-secret-Zx9';
    log.info(`sent Bearer ${token}`);
    log.info('sent %s', `postgres://u:${token}@db/main`);
    log.info('sent %j', { header: `Bearer ${token}` });
    log.info({ deep: [{ deeper: { password: token } }] }, 'fields');
    log.child({ password: token }).info('bound');
    log
      .child({ a: 1 }, { level: 'info' })
      .child({ header: `Bearer ${token}` })
      .info('bound deeper');
    log.error(new Error(`refused: token=${token}`));
    log.error({ err: Object.assign(new Error(`token=${token}`), { apiKey: token }) }, 'with fields');
    log.error({ error: new Error('outer', { cause: new Error(`Bearer ${token}`) }) }, 'with a cause');
    log.warn('the key is configured-admin-key');
    const bound = log.child({});
    bound.setBindings({ secret: token });
    bound.info('bound later');
    expect(raw).toHaveLength(11);
    for (const line of raw) {
      expect(line).not.toContain(token);
      expect(line).not.toContain('configured-admin-key');
      expect(line).toContain(redacted);
    }
  });

  it('keeps what an error says and where it comes from [SP-18]', () => {
    const { log, last } = memoryLog();
    log.error(Object.assign(new TypeError('broken'), { code: 'E_BROKEN' }));
    expect(last()).toMatchObject({
      message: 'broken',
      error: { type: 'TypeError', message: 'broken', code: 'E_BROKEN', stack: expect.stringContaining('log.test.ts') },
    });
    log.error({ err: new Error('inner') }, 'outer');
    expect(last()).toMatchObject({ message: 'outer', err: { message: 'inner' } });
  });

  it('leaves percent signs alone where there is nothing to fill in [SP-18]', () => {
    const { log, last } = memoryLog();
    log.info('100 % of %s');
    expect(last()?.message).toBe('100 % of %s');
    log.info({ a: 1 }, '%d of %s', 1, '50 %s');
    expect(last()?.message).toBe('1 of 50 %s');
  });

  it('writes a line for whatever it is given [SP-18]', () => {
    const { log, lines } = memoryLog();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    log.info(cycle);
    log.info({ big: 1n, fn: () => 1, symbol: Symbol('x'), map: new Map([['a', 1]]) });
    log.info([1, 2] as unknown as object);
    log.info(undefined as unknown as string);
    log.info({ x: 'y'.repeat(100_000) });
    expect(lines()).toHaveLength(5);
    expect(JSON.stringify(lines()[4]).length).toBeLessThan(10_000);
  });
});
