import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChecker, faultLine } from './check.ts';
import { checkPolicyText } from './policy.ts';
import { schemaFor } from './schema.ts';

const valid = `// a comment
@id("freeze")
@description("Nothing changes in prod.")
forbid (principal, action == Action::"call", resource)
when { context.environment == "prod" && !resource.readOnly }
unless { principal in Role::"admin" };
permit (principal is Principal in Role::"bot", action, resource in Toolset::"jira");
`;

describe('a policy text', () => {
  it('is taken apart into its rules, in the order in which they are written [SP-15]', () => {
    const many = Array.from({ length: 12 }, (_, n) => `permit (principal, action, resource == Tool::"t.${n}");`);
    const { rules, faults, warnings } = checkPolicyText(valid + many.join('\n'));
    expect([faults, warnings]).toEqual([[], []]);
    expect(rules.slice(0, 2)).toMatchObject([
      { name: ':freeze', effect: 'forbid', description: 'Nothing changes in prod.' },
      { name: '#2', effect: 'permit' },
    ]);
    expect(rules.slice(2).map((rule) => rule.name)).toEqual(many.map((_, n) => `#${n + 3}`));
    expect(rules.slice(2).map((rule) => rule.text)).toEqual(many);
  });

  it.each<[what: string, text: string, fault: string | RegExp]>([
    ['an end too early', 'permit (principal,\n action', /^line 2, column 8: unexpected end of input/],
    ['a stray character', 'permit (principal, § action, resource);', 'line 1, column 20: invalid token'],
    [
      'an unknown attribute, after a letter of two bytes',
      '// é\npermit (principal, action, resource) when { resource.readonly };',
      'line 2, column 45: attribute `readonly` on entity type `Tool` not found (did you mean `readOnly`?)',
    ],
    [
      'an unknown entity type',
      'permit (principal in Group::"x", action, resource);',
      /unrecognized entity type `Group`/,
    ],
    ['an unknown action', 'permit (principal, action == Action::"run", resource);', /unrecognized action/],
    [
      'types that do not go together',
      'permit (principal, action, resource) when { resource.name == 3 };',
      /not compatible/,
    ],
    [
      'an optional attribute that is not asked for first',
      'permit (principal, action, resource) when { context.arguments.amount > 3 };',
      /^line 1, column 45: unable to guarantee safety of access to optional attribute `arguments.amount`/,
    ],
    [
      'an argument that is not projected',
      'permit (principal, action, resource) when { context.arguments has x && context.arguments.x == 1 };',
      'line 1, column 1: there is no context.arguments.x; arguments are declared under "projections" in the settings',
    ],
    [
      'a slip of the pen that would make a forbid void',
      `${valid}\nforbid (principal, action, resource) when { context.arguments has amuont || resource has readonly.x };`,
      /^line 9, column 1: there is no context.arguments.amuont; arguments are declared/,
    ],
    ['a forbid that can never apply', 'forbid (principal, action, resource) when { false };', /policy is impossible/],
    ['a template', 'permit (principal == ?principal, action, resource);', /templates/],
    ['an @id that is there twice', '@id("a") permit (principal, action, resource);'.repeat(2), /"a"\) is there twice/],
    ['an @id that is no name', '@id("a b") permit (principal, action, resource);', /an @id is/],
    [
      'a character that no database keeps',
      'permit (principal, action, resource) when { resource.name == "\0" };',
      /not text/,
    ],
    [
      'half of a surrogate pair',
      'permit (principal, action, resource) when { resource.name == "\ud83d" };',
      /not text/,
    ],
    ['more than fits', `//${'x'.repeat(65 * 1024)}`, /longer than/],
    ['too many rules', 'permit (principal, action, resource);'.repeat(101), /more than 100 rules/],
  ])('with %s is refused, saying where [SP-15]', (_, text, fault) => {
    const { rules, faults } = checkPolicyText(text, { 'shop.buy': { amount: 'long:/amount' } });
    expect(rules).toEqual([]);
    const [line = ''] = faults.map(faultLine);
    if (typeof fault === 'string') expect(line).toBe(fault);
    else expect(line).toMatch(fault);
    expect(line).not.toMatch(/policy\d/);
  });

  it('with a permit that can never apply is taken with a warning [SP-15]', () => {
    const { rules, warnings } = checkPolicyText('permit (principal, action, resource) when { false };');
    expect(rules).toHaveLength(1);
    expect(warnings.map(faultLine)).toEqual([expect.stringMatching(/^line 1, column 1: policy is impossible/)]);
  });

  it('nested too deeply is refused, and the next one is checked as if nothing had happened [SP-15]', () => {
    const rule = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;
    const deep = [
      `${'('.repeat(5_000)}true${')'.repeat(5_000)}`,
      Array(1_500).fill('resource.readOnly').join('&&'),
      Array(400).fill('resource.readOnly').join('||'),
      `${'['.repeat(3_000)}1${']'.repeat(3_000)}.isEmpty()`,
    ];
    for (const condition of deep) {
      expect(checkPolicyText(rule(condition)).faults.map(faultLine)).toEqual([expect.stringMatching(/too deeply/)]);
      expect(checkPolicyText(valid).faults).toEqual([]);
    }
  });

  it('is never more than refused, whatever it holds [SP-15]', () => {
    const pieces = fc.constantFrom(
      ...'(){}[];,.="\\!&|<>?@\'\n\0é',
      ...valid.split(/\b/),
      'ip("x")',
      '__entity',
      '?principal',
    );
    const edit = fc.record({ at: fc.nat(valid.length), drop: fc.nat(30), put: fc.array(pieces, { maxLength: 6 }) });
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(' ')),
      fc
        .array(edit, { minLength: 1, maxLength: 4 })
        .map((edits) =>
          edits.reduce((all, { at, drop, put }) => all.slice(0, at) + put.join('') + all.slice(at + drop), valid),
        ),
    );
    const checker = createChecker(schemaFor(new Map()));
    fc.assert(
      fc.property(text, (malformed) => {
        const { rules, faults } = checker.check(malformed);
        expect(faults.length > 0 && rules.length > 0).toBe(false);
        for (const fault of faults) expect(faultLine(fault)).toMatch(/\S/);
      }),
      { numRuns: 150, seed: 15 },
    );
  });
});
