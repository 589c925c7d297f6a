import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { settingOptions } from '../../src/config/index.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { isObject } from '../../src/kernel/json.ts';
import { settingsPage } from './settings.ts';

describe('the page of settings', () => {
  const page = settingsPage();

  it('has every variable with its flag [SP-3]', () => {
    for (const { env, flag } of settingOptions) {
      expect(page).toContain(flag === undefined ? `| \`${env}\` |  |` : `| \`${env}\` | \`--${flag}\` |`);
    }
  });

  it('has every key of the file, and says of each what it is for [SP-3]', () => {
    const keys = [...keysOf(z.toJSONSchema(fileSchema, { io: 'input' }))];
    expect(keys.length).toBeGreaterThan(60);
    const silent = keys.filter((key) => !new RegExp(`^\\| \`${key}\` \\|.*\\| [^|]+ \\|$`, 'm').test(page));
    expect(silent).toEqual([]);
  });
});

/** Names of the keys that hold a value rather than further keys. */
function* keysOf(schema: unknown): Generator<string> {
  if (!isObject(schema)) return;
  for (const [key, inner] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    const deeper = [...keysOf(inner)];
    if (deeper.length === 0 && !(isObject(inner) && isObject(inner.properties))) yield key;
    yield* deeper;
  }
  for (const inner of Array.isArray(schema.anyOf) ? schema.anyOf : []) yield* keysOf(inner);
  yield* keysOf(schema.additionalProperties);
  yield* keysOf(schema.items);
}
