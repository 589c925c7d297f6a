import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSettings } from '../config/index.ts';
import { settingsFaults } from './check.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-models-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = async (settings: object) => {
  writeFileSync(join(folder, 'fairlead.yaml'), JSON.stringify(settings));
  return await loadSettings({ env: {}, flags: {}, cwd: folder, prepare: false, further: settingsFaults });
};
const faultsOf = async (settings: object): Promise<string> =>
  await load(settings).then(
    () => '',
    (error: { faults: string[] }) => error.faults.join('\n'),
  );

it('says what is wrong with models, and with collections that name one [KN-6]', async () => {
  const url = 'http://localhost:11434/v1';
  expect(
    await faultsOf({ models: { embedding: { url, model: 'm' } }, knowledge: { collections: { notes: {} } } }),
  ).toBe('');
  const faults = await faultsOf({
    models: { embedding: { url, modle: 'm' }, embeddings: { small: { url, model: 'm' }, none: { url, model: 'm' } } },
    knowledge: { collections: { notes: { model: 'smal' }, words: { model: 'none' }, found: { model: 'small' } } },
  });
  expect(faults).toMatch(/models\.embedding\.modle \(line 1\): is not a known key; did you mean "model"/);
  expect(faults).toMatch(/models\.embeddings\.none \(line 1\): is not a good name/);
  expect(faults).toMatch(
    /knowledge\.collections\.notes\.model.*must be a name of models\.embeddings or none; there are small, none; did you mean "small"/,
  );
  expect(faults).not.toMatch(/collections\.(words|found)\./);
});

it('says of a folder what it lacks of a model [KN-6]', async () => {
  expect(await faultsOf({ models: { embedding: { directory: './nowhere' } } })).toMatch(
    /directory.*cannot be read \(ENOENT\)/,
  );
  const model = mkdtempSync(join(folder, 'model-'));
  const given = { models: { embeddings: { local: { directory: model } } } };
  writeFileSync(join(model, 'config.json'), '{}');
  expect(await faultsOf(given)).toMatch(
    /models\.embeddings\.local\.directory: has no tokenizer\.json and no tokenizer_config\.json/,
  );
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(model, name), '{}');
  expect(await faultsOf(given)).toMatch(/has no model\.onnx/);
  writeFileSync(join(model, 'model.onnx'), '');
  expect(await faultsOf(given)).toBe('');
});
