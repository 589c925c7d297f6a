import { expect, it } from 'vitest';
import { skipReason } from './skipped.ts';

const source = `
  describe.runIf(kinds.includes('postgres'))('a Postgres that goes away', () => {
  it.skipIf(process.platform === 'win32')(
    'keeps its mode', async () => {
  it.runIf(redisUrl !== undefined)("tells the others", () => {
  it.runIf(isFriday)('rests', () => {
`;

it('finds the reason of a skip in its own condition or in that of its suite', () => {
  expect(skipReason(source, ['a Postgres that goes away', 'answers again'])).toContain('needs Postgres');
  expect(skipReason(source, ['tells the others'])).toContain('needs Redis');
  expect(skipReason(source, ['files', 'keeps its mode'])).toBe(`not on ${process.platform}`);
  expect(skipReason(source, ['rests'])).toBe('its condition does not hold here: isFriday');
  expect(skipReason(source, ['another test'])).toBeUndefined();
});
