// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the file's references look like placeholders
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { driftedPages } from '../../scripts/reference.ts';
import { packageRoot } from './environment.ts';
import { settingsJsonSchema } from './jsonschema.ts';

function validator() {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(settingsJsonSchema());
}

describe('the JSON Schema of fairlead.yaml', () => {
  it('stands in docs/reference as the code has it; `node scripts/reference.ts` writes it [SP-3]', () => {
    expect(driftedPages()).toEqual([]);
  });

  it('accepts the example, an empty file, and references where numbers and words are wanted [SP-3]', () => {
    const valid = validator();
    const example = readFileSync(join(packageRoot, 'examples/first-run/fairlead.yaml'), 'utf8');
    for (const file of [
      parse(example),
      {},
      {
        server: { port: '${env:PORT}', publicUrl: '${env:URL}', logLevel: '${env:LEVEL}' },
        development: '${env:DEV}',
        upstreams: { a: { url: '${env:URL}', headers: { authorization: 'Bearer ${file:token}' } } },
      },
    ]) {
      expect(valid(file), JSON.stringify(valid.errors)).toBe(true);
    }
  });

  it('refuses what the loader refuses [SP-3]', () => {
    const valid = validator();
    for (const file of [
      { server: { prot: 1 } },
      { server: { port: 'eighty' } },
      { server: { port: 70_000 } },
      { server: { logLevel: 'loud' } },
      { upstreams: { Bad: { command: 'x' } } },
      { upstreams: { a: {} } },
      { upstreams: { a: { command: 'x', isolation: 'none' } } },
      { endpoints: { dev: { anonymous: 'root' } } },
    ]) {
      expect(valid(file), JSON.stringify(file)).toBe(false);
    }
  });

  it('describes its keys for the editor [SP-3]', () => {
    const text = JSON.stringify(settingsJsonSchema());
    expect(text.match(/"description"/g)?.length).toBeGreaterThan(40);
  });
});
