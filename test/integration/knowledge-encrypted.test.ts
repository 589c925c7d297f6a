import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { caller, closeCallers } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';

// A collection that is encrypted where it is kept: found and read as any other, and nowhere to be read without its key.

/** Words of the documents that no question has: of text, headings, title, metadata, and of a document that is gone. */
const hidden = [
  'zarquelbine',
  'vintomarch',
  'ollemquist',
  'brastelow',
  'quendrifax',
  'tumbrelsky',
  'weskitlorn',
  'corvamint',
  'halvenbrook',
  'yestermoor',
];
/** Of a plain collection beside it, to see that looking for words finds them. */
const control = 'pallidumbrix';

const salaries = `---
owner: Quendrifax
---
# Bands of Ollemquist

## Rules by Vintomarch

The bands of salaries are agreed with Zarquelbine in spring. Nobody but Zarquelbine signs.

## Advances

An advance is paid by the treasurer on Thursdays.
`;
const long = `# Ledger\n\n${Array.from({ length: 260 }, (_, n) => `## Entry ${n}\n\n${'Brastelow paid for rope and tar. '.repeat(60)}\n`).join('\n')}`;

let folder: string;
let data: string;
let fairlead: Fairlead | undefined;
const logged: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-sealed-'));
  data = join(folder, 'data');
  await mkdir(join(folder, 'docs'));
  await writeFile(join(folder, 'docs', 'a.md'), salaries);
  await writeFile(join(folder, 'docs', 'b.md'), long);
  await writeFile(join(folder, 'docs', 'c.md'), '# Weskitlorn\n\nThe advance of Weskitlorn goes soon.\n');
  await start();
}, 120_000);

afterAll(async () => {
  await closeCallers();
  await fairlead?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(encryption: object = {}): Promise<void> {
  fairlead = await startFairlead({
    dataDir: data,
    log: { write: (line) => void logged.push(line) },
    config: {
      knowledge: {
        encryption,
        search: { feedback: true },
        collections: {
          ledgers: { encrypted: true, syncEveryMs: 3_600_000, sources: { docs: { folder: join(folder, 'docs') } } },
          open: {},
        },
      },
    },
  });
}

const running = (): Fairlead => {
  if (!fairlead) throw new Error('the server has been stopped');
  return fairlead;
};
async function call(tool: string, args: object) {
  const answer = await running().request(`/api/v1/tools/knowledge.${tool}/call`, { json: { arguments: args } });
  return await answer.json();
}
const ask = async (query: string, more: object = {}) =>
  (await call('query', { query, ...more })).result.structuredContent;
const sync = async () => (await call('sync', { collection: 'ledgers' })).result.structuredContent;

it('is found, fetched, related, read and verified as any other, beside one that is not encrypted [KN-13]', async () => {
  expect(await sync()).toMatchObject({ over: true, sources: [{ state: 'done' }] });
  await call('ingest', {
    collection: 'open',
    name: 'x.md',
    text: `# Tavern\n\nThe ${control} serves advances of ale.\n`,
  });
  await call('ingest', {
    collection: 'ledgers',
    name: 'y.md',
    title: 'Of Corvamint',
    text: '# Tumbrelsky\n\nTumbrelsky keeps the treasurer.\n',
  });
  const sent = (name: string, text: unknown) => ({ collection: 'ledgers', name, text });
  const writing = {
    steps: [
      { id: 'one', tool: 'knowledge.ingest', arguments: sent('z.md', 'Halvenbrook keeps the bell.') },
      {
        ...{ id: 'some', tool: 'knowledge.ingest', forEach: ['Yestermoor keeps the flags.'] },
        arguments: sent('f.md', { $ref: 'item' }),
      },
    ],
  };
  const wrote = await running().request('/api/v1/tools/fairlead.run_tools/call', { json: { arguments: writing } });
  expect(await wrote.json()).toMatchObject({ result: { structuredContent: { ok: true } } });

  const { answerable, passages } = await ask('on which day is an advance paid by the treasurer');
  expect(answerable).toBe(true);
  expect(passages[0]).toMatchObject({
    ...{ collection: 'ledgers', title: 'Bands of Ollemquist', headings: ['Bands of Ollemquist', 'Advances'] },
    text: expect.stringContaining('paid by the treasurer'),
  });
  const found = await ask('advances');
  expect(new Set(found.passages.map(({ collection }: { collection: string }) => collection))).toEqual(
    new Set(['ledgers', 'open']),
  );
  expect((await ask('rope and tar')).passages[0]).toMatchObject({ uri: 'b.md' }); // a long one
  const { result } = await call('fetch', { id: passages[0].id, extent: 'document' });
  expect(JSON.stringify(result.structuredContent)).toContain('Zarquelbine in spring');
  expect((await call('related', { id: passages[0].id })).result.structuredContent.passages.length).toBeGreaterThan(0);
  const client = await caller(running(), 'modern');
  const { contents } = await client.readResource({ uri: passages[0].resource });
  expect(contents[0]).toMatchObject({ text: expect.stringContaining('Rules by Vintomarch') });
  const plan = { steps: [{ id: 'a', tool: 'knowledge.fetch', arguments: { id: passages[0].id } }] };
  const planned = await running().request('/api/v1/tools/fairlead.run_tools/call', { json: { arguments: plan } });
  expect(JSON.stringify(await planned.json())).toContain('Zarquelbine');

  await call('feedback', { id: passages[0].id, helpful: false });
  const report = await (await running().request('/api/v1/knowledge/report')).json();
  expect(report.unhelpful).toMatchObject([{ title: 'a.md', headings: [], text: expect.stringMatching(/encrypted/) }]);

  await rm(join(folder, 'docs', 'c.md'));
  expect((await sync()).sources[0].counts).toMatchObject({ removed: 1, unchanged: 2 });
  for (const name of ['ledgers', 'open']) {
    const verified = await running().request(`/api/v1/knowledge/collections/${name}/verify`);
    expect(await verified.json()).toMatchObject({ ok: true, disagreements: [] });
  }
});

it('cannot be made plain or encrypted once it has documents, and takes its key along when it goes [KN-13]', async () => {
  const put = (encrypted: boolean) =>
    running().request('/api/v1/knowledge/collections/notes', { method: 'PUT', json: { settings: { encrypted } } });
  const { pool } = running().running.house.database;
  const keys = async () => Number((await pool.query('select count(*) from knowledge_keys')).rows[0].count);
  const before = await keys();
  expect((await put(false)).status).toBe(200);
  expect((await put(true)).status).toBe(200);
  expect(await keys()).toBe(before + 1);
  await call('ingest', { collection: 'notes', name: 'n.md', text: '# N\n\nA note.\n' });
  expect((await (await put(false)).json()).code).toBe('COLLECTION_ENCRYPTION_FIXED');
  expect((await put(true)).status).toBe(200);
  await running().request('/api/v1/knowledge/collections/notes', { method: 'DELETE' });
  expect(await keys()).toBe(before);
});

it('leaves none of its words in any table, in the data folder or in the log [KN-13]', async () => {
  const { pool, kind } = running().running.house.database;
  const tables = await pool.query("select tablename from pg_tables where schemaname = 'public'");
  const words = [...hidden, control];
  const inTables = new Set<string>();
  for (const { tablename } of tables.rows) {
    const { rows } = await pool.query(`select lower(t::text) as text from "${tablename}" t`);
    for (const { text } of rows) for (const word of words) if (has(text, word)) inTables.add(word);
  }
  expect([...inTables]).toEqual([control]);
  const [{ count }] = (
    await pool.query('select count(*) from knowledge_terms t join knowledge_keys k using (org, collection)')
  ).rows;
  expect(Number(count)).toBe(0);

  await closeCallers();
  await fairlead?.stop(); // which writes out what there is
  fairlead = undefined;
  const inFiles = new Set<string>();
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = (await readFile(join(entry.parentPath, entry.name))).toString('latin1').toLowerCase();
    for (const word of words) if (has(text, word)) inFiles.add(word);
  }
  expect([...inFiles]).toEqual(kind === 'embedded' ? [control] : []);
  expect(hidden.filter((word) => logged.some((line) => has(line.toLowerCase(), word)))).toEqual([]);
});

it('is wrapped by a key of the operator where there is one, and by the next one without loss [KN-13]', async () => {
  const [one, two] = ['key of the operator, in its vault', 'the key that comes after that one'];
  const vaults = async () => {
    const { rows } = await running().running.house.database.pool.query('select distinct vault from knowledge_keys');
    return rows.map(({ vault }) => vault);
  };
  const ledger = { collections: ['ledgers'] };
  await start({ key: one });
  expect(await vaults()).toEqual(['key-v1']);
  expect((await ask('advance treasurer', ledger)).answerable).toBe(true);

  await fairlead?.stop();
  await start();
  const refused = await call('query', { query: 'advance treasurer', ...ledger });
  expect(JSON.stringify(refused)).toContain('COLLECTION_LOCKED');
  expect(logged.some((line) => line.includes('cannot be opened: give the key'))).toBe(true);

  await running().running.house.knowledge.encrypt({ key: two, otherKeys: [one] }); // as a changed file does
  expect((await ask('advance treasurer', ledger)).answerable).toBe(true);
  await running().running.house.knowledge.encrypt({ otherKeys: [] });
  expect(await vaults()).toEqual(['keyring-v1']);
  expect(logged.filter((line) => line.includes(one) || line.includes(two))).toEqual([]);
});

/** As it is, or as bytes in hex or base64, at whichever of three places it begins. */
function has(text: string, word: string): boolean {
  if (text.includes(word) || text.includes(Buffer.from(word).toString('hex'))) return true;
  return [0, 1, 2].some((shift) => {
    const encoded = Buffer.from(`${'x'.repeat(shift)}${word}`)
      .toString('base64')
      .toLowerCase();
    return text.includes(encoded.slice(shift === 0 ? 0 : 4, -4));
  });
}
