import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { databaseKinds, openTestDatabase, reachableKinds } from '../../../test/database.ts';
import { createKeyring } from '../keyring/index.ts';
import type { BackupSigner } from './backupfile.ts';
import { BackupDamaged, BackupMismatch, RestoreNotEmpty } from './errors.ts';
import {
  backup as backupSigned,
  type CopyProgress,
  type Database,
  type Migration,
  migrate,
  openBackup,
  restore as restoreOpened,
} from './index.ts';

const cargo = {
  name: 'hold/0001_cargo',
  sql: `
    create table cargo (
      id bigint generated always as identity primary key,
      parent bigint references cargo,
      label text, bytes bytea, facts jsonb, seen timestamptz, day date, tags text[], counts int[],
      share double precision, price numeric(12, 4), good boolean, span interval, uid uuid,
      label_length int generated always as (length(label)) stored
    );
    create table "Aft hold" (serial serial primary key, cargo bigint not null references cargo, "odd ""name" text);
    create table ledger (entry text);
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'append only'; end $$;
    create trigger ledger_append_only before truncate or update or delete on ledger execute function refuse();
    create function stamp() returns trigger language plpgsql as
      $$ begin new.entry := new.entry || ' (stamped)'; return new; end $$;
    create trigger ledger_stamp before insert on ledger for each row execute function stamp();
    insert into ledger values ('first')`,
};
const later = { name: 'hold/0002_weight', sql: 'alter table cargo add weight int not null default 7' };

const signUnder = (secret: string): BackupSigner => {
  const keyring = createKeyring(secret);
  return (sha256) => keyring.hash('backups', sha256);
};
const sign = signUnder('the secret of the server that makes these backups');

const backup = (database: Database, file: string, onProgress?: (progress: CopyProgress) => void) =>
  backupSigned(database, file, sign, onProgress);
const restore = async (database: Database, file: string, migrations: readonly Migration[] = []) =>
  restoreOpened(database, await openBackup(file, { sign }), () => {}, migrations);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-backup-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'all.backup');
}

async function open(kind: Database['kind'], migrations = [cargo]): Promise<Database> {
  const opened = await openTestDatabase(migrations, { kind });
  onTestFinished(opened.stop);
  return opened.database;
}

async function fill({ pool }: Database): Promise<void> {
  await pool.query(
    `insert into cargo (parent, label, bytes, facts, seen, day, tags, counts, share, price, good, span, uid) values
      (2, $1, $2, $3, '2026-02-28 23:59:59.123456+05:30', '0044-03-15 BC', $4, '{{1,2},{3,NULL}}', 0.1, 12.3400, true,
        '1 year 2 mons -3 days 04:05:06.7', '8d7f5a3e-2a3b-4c5d-9e8f-001122334455'),
      (null, '', '', 'null', 'infinity', null, '{}', null, 'NaN', null, false, null, null),
      (1, null, null, null, null, null, null, null, null, null, null, null, null)`,
    [
      'line\nbreak "quote" \\ back\tslash ✓ 𝄞 \u2028',
      Buffer.from([0, 255, 10, 92]),
      { deep: [1.5, null, { a: '"\\u0041' }], big: 12345678901234567000 },
      ['a,b', '', 'NULL', '{x}', 'quo"te', null],
    ],
  );
  await pool.query(
    `insert into "Aft hold" (cargo, "odd ""name") select 1, 'row ' || g from generate_series(1, 1200) g`,
  );
  await pool.query("insert into ledger values ('second')");
}

async function contentOf({ pool }: Database) {
  const read = async (query: string) => (await pool.query(query)).rows;
  return {
    cargo: await read(`select to_jsonb(c) - 'seen' as rest, c.seen at time zone 'UTC' as seen, c.facts::text as facts,
      encode(c.bytes, 'hex') as bytes, c.price::text as price from cargo c order by id`),
    aft: await read('select * from "Aft hold" order by serial'),
    ledger: await read('select entry from ledger order by entry'),
    migrations: await read('select name, checksum from fairlead_migrations order by name'),
  };
}

const pairs = reachableKinds.flatMap((from) => reachableKinds.map((to) => ({ from, to })));

describe.each(pairs)('a backup of $from restored into $to', ({ from, to }) => {
  it('brings back every value, and new rows get new numbers [SP-19]', async () => {
    const source = await open(from);
    await fill(source);
    const file = newFile();
    expect(await backup(source, file)).toEqual({ tables: 3, rows: 1205, bytes: statSync(file).size });

    const target = await open(to, []);
    expect(await restore(target, file, [cargo, later])).toEqual({ tables: 3, rows: 1205 });
    expect(await contentOf(target)).toEqual(await contentOf(source));
    const { rows } = await target.pool.query('insert into cargo (parent) values (1) returning id::int');
    expect(rows).toEqual([{ id: 4 }]);
    await expect(target.pool.query('insert into cargo (parent) values (99)')).rejects.toMatchObject({ code: '23503' });
    await expect(target.pool.query('delete from ledger')).rejects.toThrow('append only');
  });
});

describe.each(databaseKinds)('a backup (%s)', (kind) => {
  it('of an older version is restored under its own migrations, and then migrated [SP-19]', async () => {
    const source = await open(kind);
    await fill(source);
    const file = newFile();
    await backup(source, file);
    const target = await open(kind, []);
    await restore(target, file, [cargo, later]);
    expect(await migrate(target, [cargo, later])).toEqual([later.name]);
    const { rows } = await target.pool.query('select count(*)::int as n, min(weight) as least from cargo');
    expect(rows).toEqual([{ n: 3, least: 7 }]);
  });

  it('shows one moment, whatever is written meanwhile, and tells how far it is [SP-19]', async () => {
    const source = await open(kind);
    await fill(source);
    const told: CopyProgress[] = [];
    let writing: Promise<unknown> | undefined;
    const file = newFile();
    await backup(source, file, (progress) => {
      told.push(progress);
      writing ??= source.pool.query("insert into ledger values ('too late')");
    });
    await writing;
    expect(gunzipSync(readFileSync(file)).toString()).not.toContain('too late');
    expect(told.at(-1)).toEqual({ table: 'ledger', tableNumber: 3, tables: 3, rows: 1205 });
  });

  it('that is cut short or changed is refused, and nothing is restored [SP-19]', async () => {
    const source = await open(kind);
    await fill(source);
    const file = newFile();
    await backup(source, file);
    const whole = readFileSync(file);
    const text = gunzipSync(whole).toString();
    const bent = Buffer.from(whole);
    bent[whole.length >> 1] = (whole[whole.length >> 1] ?? 0) ^ 1;
    const damaged = {
      empty: Buffer.alloc(0),
      'no backup': Buffer.from('hello'),
      'cut in the middle': whole.subarray(0, whole.length >> 1),
      'cut before its last byte': whole.subarray(0, -1),
      'one bit changed': bent,
      'packed again without its end': gzipSync(text.slice(0, text.lastIndexOf('{"end"'))),
      'packed again without a row': gzipSync(text.replace(/\n\["1200.*\n/, '\n')),
      'packed again with another value': gzipSync(text.replace('row 77', 'row 78')),
    };
    const target = await open(kind, []);
    for (const [damage, bytes] of Object.entries(damaged)) {
      writeFileSync(file, bytes);
      const error = await restore(target, file, [cargo]).catch((thrown: unknown) => thrown);
      expect({ damage, code: BackupDamaged.is(error) && error.code }).toEqual({ damage, code: 'BACKUP_DAMAGED' });
    }
    const { rows } = await target.pool.query("select to_regclass('cargo') as cargo");
    expect(rows).toEqual([{ cargo: null }]);
    writeFileSync(file, whole);
    await restore(target, file, [cargo]);
  });

  it('that was changed by somebody, or made under another secret, is told from a damaged one and taken only when asked to [SP-19]', async () => {
    const source = await open(kind);
    await fill(source);
    const file = newFile();
    await backup(source, file);
    const whole = gunzipSync(readFileSync(file)).toString();
    const rewrite = (change: (body: string) => string, { hmac = true } = {}) => {
      const at = whole.lastIndexOf('{"end"');
      const body = change(whole.slice(0, at));
      const end = JSON.parse(whole.slice(at));
      const sha256 = createHash('sha256').update(body).digest('hex');
      writeFileSync(
        file,
        gzipSync(`${body}${JSON.stringify({ ...end, sha256, ...(hmac ? {} : { hmac: undefined }) })}\n`),
      );
    };
    const openCode = (given: BackupSigner | undefined, unverified = false) =>
      codeOf(openBackup(file, { sign: given, unverified }));

    expect(await openCode(sign)).toBe('done');
    expect(await openCode(signUnder('a secret that was made anew, after the loss'))).toBe('BACKUP_FOREIGN');
    expect(await openCode(undefined)).toBe('BACKUP_FOREIGN');
    rewrite((body) => body.replace('row 77', 'row 78'));
    expect(await openCode(sign)).toBe('BACKUP_FOREIGN');
    rewrite((body) => body, { hmac: false });
    expect(await openCode(sign)).toBe('BACKUP_DAMAGED');
    expect(await openCode(sign, true)).toBe('BACKUP_DAMAGED');
    const toVersion1 = (body: string) => body.replace('"version":2', '"version":1');
    rewrite(toVersion1);
    expect(await openCode(sign)).toBe('BACKUP_UNSIGNED');
    rewrite(toVersion1, { hmac: false });
    expect(await openCode(sign)).toBe('BACKUP_UNSIGNED');

    const target = await open(kind, []);
    const opened = await openBackup(file, { sign, unverified: true });
    expect(opened.origin).toBe('unsigned');
    await restoreOpened(target, opened, () => {}, [cargo]);
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it('is not made of a database that holds nothing of ours [SP-19]', async () => {
    const file = newFile();
    expect(await codeOf(backup(await open(kind, []), file))).toBe('NOTHING_TO_BACK_UP');
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  it('that is exchanged between the look at it and the restore is refused [SP-19]', async () => {
    const source = await open(kind);
    const file = newFile();
    await backup(source, file);
    const opened = await openBackup(file, { sign });
    await fill(source);
    await backup(source, file);
    const target = await open(kind, []);
    expect(await codeOf(restoreOpened(target, opened, () => {}, [cargo]))).toBe('BACKUP_DAMAGED');
    const { rows } = await target.pool.query("select to_regclass('cargo') as cargo");
    expect(rows).toEqual([{ cargo: null }]);
  });

  it('of a version that is not known here is refused before a database is opened [SP-19]', async () => {
    const file = newFile();
    await backup(await open(kind, [cargo, later]), file);
    expect(await codeOf(openBackup(file, { sign, migrations: [cargo, later] }))).toBe('done');
    expect(await codeOf(openBackup(file, { sign, migrations: [cargo] }))).toBe('BACKUP_MISMATCH');
    const changed = { ...later, sql: `${later.sql} ` };
    expect(await codeOf(openBackup(file, { sign, migrations: [cargo, changed] }))).toBe('BACKUP_MISMATCH');
  });

  it('is not restored over rows [SP-19]', async () => {
    const source = await open(kind);
    await fill(source);
    const file = newFile();
    await backup(source, file);
    const before = await contentOf(source);
    const error = await restore(source, file).catch((thrown: unknown) => thrown);
    expect(RestoreNotEmpty.is(error) && error.message).toMatch(/Aft hold.*cargo/);
    expect(await contentOf(source)).toEqual(before);
  });

  it('is not restored into a database of another version [SP-19]', async () => {
    const plain = { name: 'plain/0001', sql: 'create table plain (id int)' };
    const extra = { name: 'plain/0002', sql: 'create table extra (id int)' };
    const file = newFile();
    await backup(await open(kind, [plain]), file);
    const ahead = await restore(await open(kind, [plain, extra]), file).catch((thrown: unknown) => thrown);
    expect(BackupMismatch.is(ahead) && ahead.message).toContain(extra.name);
    const changed = { ...plain, sql: 'create table plain (id bigint)' };
    const other = await restore(await open(kind, [changed]), file).catch((thrown: unknown) => thrown);
    expect(BackupMismatch.is(other) && other.message).toContain(plain.name);
    const unknown = await restore(await open(kind, []), file).catch((thrown: unknown) => thrown);
    expect(BackupMismatch.is(unknown) && unknown.message).toContain(plain.name);
    expect(await restore(await open(kind, [plain]), file)).toEqual({ tables: 1, rows: 0 });
  });

  it('that fails leaves the older one in its place [SP-19]', async () => {
    const source = await open(kind);
    const file = newFile();
    await backup(source, file);
    const before = readFileSync(file);
    const failing = backup(source, file, () => {
      throw new Error('the watcher failed');
    });
    await expect(failing).rejects.toThrow('the watcher failed');
    expect(readFileSync(file)).toEqual(before);
    expect(statSync(file).mode & 0o077).toBe(0);
    await source.ping();
  });
});
