import { describe, expect, it } from 'vitest';
import { createSelector, type Selection } from './select.ts';

const candidate = {
  operationId: 'issues/list-for-repo',
  tool: 'issues_list_for_repo',
  method: 'get',
  path: '/repos/{o}/issues',
  tags: ['issues', 'a*b'],
};

describe('an operation', () => {
  it.each([
    [{}, true],
    [{ tags: ['issues'] }, true],
    [{ tags: ['iss*'] }, true],
    [{ tags: ['Issues'] }, false],
    [{ tags: ['pulls'] }, false],
    [{ tags: ['pulls'], operations: ['issues/list-for-repo'] }, true],
    [{ operations: ['issues_list_for_repo'] }, true],
    [{ operations: ['issues/*'] }, true],
    [{ operations: ['*repo'] }, true],
    [{ operations: ['*list*repo'] }, true],
    [{ operations: ['*repo*list*'] }, false],
    [{ operations: ['GET /repos/{o}/issues'] }, true],
    [{ operations: ['get /repos/*'] }, true],
    [{ operations: ['POST /repos/*'] }, false],
    [{ exclude: { tags: ['issues'] } }, false],
    [{ tags: ['issues'], exclude: { operations: ['issues/list*'] } }, false],
    [{ exclude: { operations: ['other'] } }, true],
  ] as [Selection, boolean][])('by %j: %s', (selection, expected) => {
    expect(createSelector(selection).takes(candidate)).toBe(expected);
  });
});

it('what matched nothing is named', () => {
  const selector = createSelector({
    tags: ['issues', 'x'],
    operations: ['y'],
    exclude: { tags: ['z'], operations: ['issues/*'] },
  });
  selector.takes(candidate);
  expect(selector.unmatched()).toEqual(['tag "x"', 'operation "y"', 'excluded tag "z"']);
});
