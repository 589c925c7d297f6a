import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditWorld, openAuditWorld } from '../../../test/audit.ts';
import { callIntent, callRecord } from '../../../test/audit-calls.ts';
import { databaseKinds } from '../../../test/database.ts';
import type { Audit, KeptCall, Question } from './types.ts';

const form = (message: string): Question => ({ method: 'elicitation/create', params: { message } });
const sampling = (text: string): Question => ({ method: 'sampling/createMessage', params: { messages: [text] } });

describe.each(databaseKinds)('what a call asks its caller, on %s', (kind) => {
  let world: AuditWorld;
  let audit: Audit;

  beforeAll(async () => {
    world = await openAuditWorld(kind);
    audit = await world.open({ maxBodyBytes: 2_000 });
  });
  afterAll(() => world.stop());

  const kept = async (id: string) => (await audit.get('default', id)) as unknown as KeptCall;

  it('stands in its record with the answers, redacted [SP-6] [SP-16]', async () => {
    const intent = callIntent();
    const place = audit.reserve();
    const content = { answer: 'yes', password: 'hunter2' };
    await audit.ask(place, form('Delete it? token=zq7seeded9secret')).answered(intent, { action: 'accept', content });
    await audit.ask(place, form('All of it?')).answered(intent, { action: 'decline' });
    await audit.ask(place, sampling('why?')).answered(intent, { role: 'assistant', model: 'm', action: 'none' });
    audit.ask(place, { method: 'roots/list', params: {} }).unanswered('the caller said: password=hunter2');
    audit.ask(place, form('Still there?'));
    await audit.record(place, callRecord({ ...intent }));
    const { questions, moreQuestions } = await kept(intent.id);
    expect(questions).toEqual([
      {
        method: 'elicitation/create',
        askedAt: expect.any(Number),
        params: { message: 'Delete it? token=[redacted]' },
        paramsDigest: expect.stringMatching(/^hmac-sha256:/),
        answeredAt: expect.any(Number),
        action: 'accept',
        answer: { answer: 'yes', password: '[redacted]' },
        answerDigest: expect.stringMatching(/^hmac-sha256:/),
      },
      expect.objectContaining({ action: 'decline', params: { message: 'All of it?' } }),
      expect.objectContaining({ method: 'sampling/createMessage', answer: expect.objectContaining({ model: 'm' }) }),
      expect.objectContaining({ method: 'roots/list', unanswered: 'the caller said: password=[redacted]' }),
      expect.not.objectContaining({ answeredAt: expect.anything() }),
    ]);
    expect(questions?.[1]).not.toHaveProperty('answer');
    expect(questions?.[2]).not.toHaveProperty('action');
    expect(moreQuestions).toBeUndefined();
    expect((await audit.verify('default')).ok).toBe(true);
  });

  it('is durable before an answer is used, and is known of a call that a crash cut [SP-6] [SP-16]', async () => {
    const dataDir = world.folder();
    const before = await world.open({}, { dataDir });
    const intent = callIntent({
      annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
    });
    const content = { answer: 'yes' };
    await before.ask(before.reserve(), form('Pay?')).answered(intent, { action: 'accept', content });
    await before.flush(20_000);
    const { rows } = await sql<{ body: string }>`select body from audit_intents where id = ${intent.id}`.execute(
      world.db,
    );
    expect(rows[0]?.body).toContain('"action":"accept"');
    await before.stop();
    await world.open({}, { dataDir });
    expect(await kept(intent.id)).toMatchObject({
      outcomeUnknown: true,
      questions: [{ params: { message: 'Pay?' }, action: 'accept', answer: content }],
    });
  });

  it('is cut at a limit for all questions and one for all answers, with digests of the whole [SP-16]', async () => {
    const intent = callIntent();
    const place = audit.reserve();
    for (const round of [1, 2, 3]) {
      const content = { answer: 'short', round };
      await audit.ask(place, form('long '.repeat(400))).answered(intent, { action: 'accept', content });
    }
    await audit.record(place, callRecord({ ...intent }));
    const { questions = [] } = await kept(intent.id);
    expect(questions.map(({ answer }) => answer)).toEqual([1, 2, 3].map((round) => ({ answer: 'short', round })));
    expect(questions[2]).toMatchObject({
      params: '[cut]',
      paramsBytes: 2_014,
      paramsDigest: questions[0]?.paramsDigest,
    });
    expect(JSON.stringify(questions.map(({ params }) => params)).length).toBeLessThan(2_500);
  });

  it('is counted where there is too much of it, so that no answer goes unseen [SP-16]', async () => {
    const intent = callIntent();
    const place = audit.reserve();
    for (let round = 0; round < 60; round++) await audit.ask(place, sampling('x')).answered(intent, { model: 'm' });
    await audit.ask(place, form('Sure?')).answered(intent, { action: 'accept', content: {} });
    audit.ask(place, form('Still sure?')).unanswered('gone');
    await audit.record(place, callRecord({ ...intent }));
    const { questions, moreQuestions } = await kept(intent.id);
    expect(questions).toHaveLength(50);
    expect(moreQuestions).toEqual({
      'sampling/createMessage': 10,
      'elicitation/create accept': 1,
      'elicitation/create unanswered': 1,
    });
  });

  it('cannot be added to a call that is over [SP-16]', async () => {
    const intent = callIntent();
    const place = audit.reserve();
    const late = audit.ask(place, form('Late?'));
    await audit.record(place, callRecord({ ...intent }));
    expect(() => audit.ask(place, form('Later?'))).toThrow(/used or released/);
    await expect(late.answered(intent, { action: 'accept' })).rejects.toThrow(/used or released/);
  });
});
