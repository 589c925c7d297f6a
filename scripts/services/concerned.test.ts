import { expect, it } from 'vitest';
import { root } from '../places.ts';
import { concernedTests } from './concerned.ts';

it('takes the tests that come to a service, and no others', () => {
  const concerned = concernedTests(root);
  expect(concerned).toContain('src/capabilities/audit/audit.test.ts');
  expect(concerned).toContain('test/integration/edge.test.ts');
  expect(concerned).toContain('test/integration/knowledge.test.ts');
  expect(concerned).toContain('src/platform/secrets/secrets.test.ts');
  expect(concerned).not.toContain('test/integration/tls.test.ts');
  expect(concerned).not.toContain('src/kernel/json.test.ts');
  expect(concerned).not.toContain('src/capabilities/knowledge/read/reader.test.ts');
});
