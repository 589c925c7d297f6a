import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './places.ts';
import { readAudit } from './supply/audit.ts';
import { billOf } from './supply/bill.ts';
import { isAllowed, licenceFaults } from './supply/licences.ts';

it.each(['MIT', '(MIT OR GPL-3.0-or-later)', '(MIT AND Zlib)', 'GPL-2.0-only OR Apache-2.0'])(
  '%s may be shipped [RE-6]',
  (licence) => expect(isAllowed(licence)).toBe(true),
);

it.each([
  'GPL-3.0-only',
  'AGPL-3.0',
  'MIT AND GPL-3.0-only',
  'SEE LICENSE IN x',
  '',
  'UNLICENSED',
  '(MIT OR (GPL-2.0))',
])('"%s" may not [RE-6]', (licence) => expect(isAllowed(licence)).toBe(false));

it('all that is shipped here may be, and a package that must not is named [RE-6]', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  expect(licenceFaults(packages)).toEqual([]);
  const more = { 'node_modules/a/node_modules/@b/c': { version: '1.0.0', license: 'AGPL-3.0' } };
  const tools = { 'node_modules/tool': { version: '1.0.0', license: 'AGPL-3.0', dev: true } };
  expect(licenceFaults({ ...packages, ...more, ...tools })).toEqual(['@b/c@1.0.0 is under "AGPL-3.0"']);
});

it('a registry that cannot be asked is no clean bill, and what it knows is named [RE-6]', () => {
  for (const text of [
    '',
    '{}',
    'null',
    '{"vulnerabilities":{}}',
    '{"message":"405 Method Not Allowed","statusCode":405}',
  ])
    expect(readAudit(text).asked).toBe(false);
  const none = { vulnerabilities: {}, metadata: { vulnerabilities: { total: 0 } } };
  expect(readAudit(JSON.stringify(none))).toEqual({ asked: true, found: [] });
  const some = {
    vulnerabilities: { bad: { severity: 'high', range: '<2.0.0' } },
    metadata: { vulnerabilities: { total: 1 } },
  };
  expect(readAudit(JSON.stringify(some))).toEqual({ asked: true, found: ['bad <2.0.0 (high)'] });
});

it('a bill of materials has what is shipped, and nothing that only development needs [RE-6]', () => {
  const component = (name: string) => ({ 'bom-ref': `${name}@1.0.0`, name, version: '1.0.0' });
  const all = {
    components: [component('library'), component('tool')],
    dependencies: [{ ref: 'library@1.0.0', dependsOn: ['tool@1.0.0'] }, { ref: 'tool@1.0.0' }],
  };
  const packages = {
    '': { version: '0.1.0' },
    'node_modules/library': { version: '1.0.0' },
    'node_modules/tool': { version: '1.0.0', dev: true },
    'node_modules/library/node_modules/lost': { version: '2.0.0' },
  };
  expect(billOf(all, packages)).toEqual({
    document: { components: [component('library')], dependencies: [{ ref: 'library@1.0.0', dependsOn: [] }] },
    missing: ['lost@2.0.0'],
  });
});
