import { expect, it } from 'vitest';
import { createEngine, type EvaluationRequest } from './engine.ts';

const schema = `
entity User;
entity Thing = { on: Bool };
action call, callUnattended appliesTo { principal: User, resource: Thing, context: { n?: Long } };
`;

function request(context: EvaluationRequest['context'] = {}): EvaluationRequest {
  const uid = { type: 'Thing', id: 't' };
  return {
    principal: { type: 'User', id: 'u' },
    action: 'call',
    resource: uid,
    context,
    entities: [{ uid, attrs: { on: true }, parents: [] }],
  };
}

const open = { open: 'permit (principal, action, resource);' };

it('names the policies that decided [SP-15]', () => {
  const engine = createEngine(schema);
  engine.put('set', { ...open, shut: 'forbid (principal, action, resource) when { context has n };' });
  expect(engine.evaluate('set', request())).toEqual({ allowed: true, reasons: ['open'], errors: [] });
  expect(engine.evaluate('set', request({ n: 1 }))).toEqual({ allowed: false, reasons: ['shut'], errors: [] });
});

it('denies when a forbid cannot be evaluated, and keeps the arguments out of the error [SP-15]', () => {
  const engine = createEngine(schema);
  const shut = 'forbid (principal, action, resource) when { context has n && context.n * 4611686018427387904 > 7 };';
  engine.put('set', { ...open, shut });
  expect(engine.evaluate('set', request({ n: 0 })).allowed).toBe(true);
  const { allowed, errors } = engine.evaluate('set', request({ n: 123_456 }));
  expect(allowed).toBe(false);
  expect(errors).toEqual([expect.stringMatching(/^shut: integer overflow/)]);
  expect(errors.join()).not.toContain('123456');
});

it.each<[what: string, context: EvaluationRequest['context']]>([
  ['a float', { n: 1.5 }],
  ['a null', { n: null }],
  ['an attribute that is not declared', { m: 1 }],
  ['a value of another type', { n: 'one' }],
])('denies a request with %s in it [SP-15]', (_, context) => {
  const engine = createEngine(schema);
  engine.put('set', open);
  const { allowed, errors } = engine.evaluate('set', request(context));
  expect(allowed).toBe(false);
  expect(errors).toHaveLength(1);
});

it('denies by a set that it does not know [SP-15]', () => {
  expect(createEngine(schema).evaluate('none', request())).toMatchObject({
    allowed: false,
    errors: [expect.stringContaining('not found')],
  });
});

it('refuses a set that Cedar cannot read, and keeps the one before [SP-15]', () => {
  const engine = createEngine(schema);
  engine.put('set', open);
  expect(() => engine.put('set', { open: 'permit (' })).toThrow();
  expect(engine.evaluate('set', request()).allowed).toBe(true);
});

it('goes on with all its sets after Cedar ran out of stack [SP-15]', () => {
  const engine = createEngine(schema);
  engine.put('set', open);
  const parens = `${'('.repeat(5_000)}true${')'.repeat(5_000)}`;
  expect(() => engine.put('deep', { deep: `permit (principal, action, resource) when { ${parens} };` })).toThrow();
  expect(engine.evaluate('set', request()).allowed).toBe(true);

  const chain = Array(1_500).fill('resource.on').join(' && ');
  try {
    engine.put('long', { long: `permit (principal, action, resource) when { ${chain} };` });
  } catch {
    // Where the stack is smaller, parsing fails already.
  }
  expect(engine.evaluate('long', request())).toMatchObject({ allowed: false, reasons: [] });
  expect(engine.evaluate('set', request())).toEqual({ allowed: true, reasons: ['open'], errors: [] });
});
