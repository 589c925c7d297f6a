import { expect, it } from 'vitest';
import { fileSchema } from '../config/schema.ts';
import { termsOf } from './approvals.ts';

const minuteMs = 60_000;
const settings = fileSchema.parse({
  approvals: {
    expiryMinutes: 30,
    rules: [
      { of: { tools: ['deploy.*'], tags: ['production'] }, approvers: { teams: ['release'] }, twoPersons: true },
      { of: { policies: ['ask'] }, org: 'north', approvers: { roles: ['admin'] }, expiryMinutes: 5 },
      { of: { tools: ['deploy.start'] }, expiryMinutes: 7 },
    ],
  },
}).approvals;

it('takes the first entry that fits the call in all that it says [CO-2]', () => {
  const terms = (id: string, tags: string[], rules: string[], org = 'default') =>
    termsOf(settings, { tool: { id, tags }, principal: { org } }, { rules });
  expect(terms('deploy.start', ['production'], ['a.cedar:ask'])).toEqual({
    expiryMs: 30 * minuteMs,
    needed: 2,
    approvers: ['team:release'],
  });
  expect(terms('deploy.start', [], ['a.cedar:ask'], 'north')).toEqual({
    expiryMs: 5 * minuteMs,
    needed: 1,
    approvers: ['role:admin'],
  });
  expect(terms('deploy.start', [], ['a.cedar:ask'])).toEqual({ expiryMs: 7 * minuteMs, needed: 1 });
  expect(terms('deploy.stop', [], ['a.cedar:basking'], 'north')).toEqual({ expiryMs: 30 * minuteMs, needed: 1 });
});
