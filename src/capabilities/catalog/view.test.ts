import { describe, expect, it } from 'vitest';
import { toStoredItems } from './facts.ts';
import { buildSnapshot } from './snapshot.ts';
import { matchesTemplate } from './urinaming.ts';
import { viewOf } from './view.ts';

const facts = { trustAnnotations: true, tools: {}, callTimeoutMs: 1_000 };
const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });

function snapshotOf(toolsets: Record<string, { tools?: string[]; resources?: string[]; templates?: string[] }>) {
  const items = Object.entries(toolsets).flatMap(([name, { tools = [], resources = [], templates = [] }]) => {
    const listed = {
      tools: tools.map(tool),
      prompts: [],
      resources: resources.map((uri) => ({ uri, name: uri })),
      templates: templates.map((uriTemplate) => ({ uriTemplate, name: uriTemplate })),
    };
    return toStoredItems(name, listed, facts).rows;
  });
  const states = Object.keys(toolsets).map((toolset) => [toolset, { toolset, status: 'live' as const }] as const);
  return buildSnapshot('default', { toolsets: new Map(states), items, standings: new Map() });
}

describe('an endpoint', () => {
  it('prefixes names, and finds tools by wire name and by canonical id [SP-5]', () => {
    const view = viewOf(snapshotOf({ jira: { tools: ['create.issue'] } }), { naming: 'prefixed' });
    expect(view.tools.map(({ wireName }) => wireName)).toEqual(['jira_create_issue']);
    expect(view.findTool('jira_create_issue')?.id).toBe('jira.create.issue');
    expect(view.findTool('jira.create.issue')?.id).toBe('jira.create.issue');
    expect(view.findTool('create.issue')).toBeUndefined();
  });

  it('serves bare names as the upstream has them where none collide [SP-4]', () => {
    const view = viewOf(snapshotOf({ a: { tools: ['one', 'same'] }, b: { tools: ['same'] } }), { naming: 'bare' });
    const names = view.tools.map(({ wireName }) => wireName);
    expect(names[0]).toBe('one');
    expect(names[1]).toMatch(/^same_[0-9a-f]{8}$/);
    expect(names[2]).toMatch(/^same_[0-9a-f]{8}$/);
    expect(view.findTool(names[2] ?? '')?.id).toBe('b.same');
  });

  it('serves only the toolsets it selects [SP-4]', () => {
    const view = viewOf(snapshotOf({ a: { tools: ['x'] }, b: { tools: ['y'] } }), {
      naming: 'prefixed',
      toolsets: ['a'],
    });
    expect(view.tools).toHaveLength(1);
    expect(view.findTool('b.y')).toBeUndefined();
    expect(view.findTool('b_y')).toBeUndefined();
  });

  it('prefixes resource URIs and takes the prefix off again [SP-5]', () => {
    const view = viewOf(snapshotOf({ docs: { resources: ['file:///a'] } }), { naming: 'prefixed' });
    expect(view.resources[0]?.wireName).toBe('docs+file:///a');
    expect(view.ownUri('docs+file:///a')).toEqual({ toolset: 'docs', uri: 'file:///a' });
    expect(view.ownUri('docs+file:///never-listed')).toEqual({ toolset: 'docs', uri: 'file:///never-listed' });
    expect(view.ownUri('file:///a')).toBeUndefined();
  });

  it('keeps bare URIs, except those that two toolsets claim [SP-4]', () => {
    const snapshot = snapshotOf({
      a: { resources: ['x://1', 'x://2'] },
      b: { resources: ['x://2'], templates: ['y://{id}/z'] },
    });
    const view = viewOf(snapshot, { naming: 'bare' });
    expect(view.resources.map(({ wireName }) => wireName)).toEqual(['x://1', 'a+x://2', 'b+x://2']);
    expect(view.ownUri('b+x://2')).toEqual({ toolset: 'b', uri: 'x://2' });
    expect(view.ownUri('y://7/z')).toEqual({ toolset: 'b', uri: 'y://7/z' });
    expect(view.ownUri('q://1')).toBeUndefined();
  });

  it('lets no bare name or URI pass for that of another toolset [SP-4]', () => {
    const view = viewOf(
      snapshotOf({
        files: { tools: ['write'], resources: ['file:///a'] },
        evil: { tools: ['files.write'], resources: ['files+file:///etc'], templates: ['{+any}'] },
      }),
      { naming: 'bare' },
    );
    expect(view.findTool('files.write')?.id).toBe('files.write');
    expect(view.ownUri('files+file:///etc')).toEqual({ toolset: 'files', uri: 'file:///etc' });
    expect(view.ownUri('file:///b')).toBeUndefined();
  });

  it.each([
    ['a://{x}/b', 'a://1/b', true],
    ['a://{x}/b', 'a://1/c', false],
    ['a://{x}{y}', 'a://', true],
    ['a://x', 'a://x', true],
    ['a{b}a', 'a', false],
  ])('matches %s with %s: %s', (template, uri, expected) => {
    expect(matchesTemplate(template, uri)).toBe(expected);
  });
});

describe('annotations', () => {
  const only = (trustAnnotations: boolean, annotations: object, settings = {}) => {
    const listed = {
      tools: [{ ...tool('x'), annotations: annotations as never }],
      prompts: [],
      resources: [],
      templates: [],
    };
    const { rows: items } = toStoredItems('t', listed, { trustAnnotations, tools: { x: settings }, callTimeoutMs: 1 });
    const toolsets = new Map([['t', { toolset: 't', status: 'live' as const }]]);
    return buildSnapshot('default', { toolsets, items, standings: new Map() }).tools.get('t.x')?.annotations;
  };

  it('are the worst case where the upstream says nothing [SP-11]', () => {
    expect(only(true, {})).toEqual({ readOnly: false, destructive: true, idempotent: false, openWorld: true });
  });
  it('are believed only where the upstream is trusted [SP-11]', () => {
    expect(only(true, { readOnlyHint: true })?.readOnly).toBe(true);
    expect(only(false, { readOnlyHint: true })?.readOnly).toBe(false);
  });
  it('give way to the configuration [SP-11]', () => {
    expect(only(true, { readOnlyHint: true }, { annotations: { readOnly: false } })?.readOnly).toBe(false);
    expect(only(false, {}, { annotations: { readOnly: true } })).toMatchObject({ readOnly: true, destructive: false });
  });
});
