import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { databaseFor, fixtureUpstream } from '../harness.ts';
import { run, type Started, startProgram, temporaryHome } from './run.ts';

// What of `fairlead serve`, and of the commands beside it, another database may change.

let home: ReturnType<typeof temporaryHome>;
let data: string;
let running: Started[] = [];
let database: Awaited<ReturnType<typeof databaseFor>> | undefined;

beforeEach(() => {
  home = temporaryHome();
  data = join(home.home, 'data');
  writeFileSync(join(home.home, 'fairlead.yaml'), `upstreams: ${JSON.stringify({ fix: fixtureUpstream() })}\n`);
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
  await database?.drop();
  database = undefined;
  home.remove();
});

function serve(): Started {
  const env = { ...database?.env, ...home.env, FAIRLEAD_DATA_DIR: data, FAIRLEAD_LOG_LEVEL: 'info' };
  const server = startProgram(['serve', '--port', '0'], { env, cwd: home.home });
  running.push(server);
  return server;
}

const cli = (...args: string[]) => run(args, { env: home.env, cwd: home.home });
/** What the only server that runs has noted down. */
function noted() {
  const [file = '', ...more] = readdirSync(home.startNotes);
  expect(more).toEqual([]);
  return JSON.parse(readFileSync(join(home.startNotes, file), 'utf8'));
}
const timeout = 240_000;

it('fairlead serve prints endpoint, key and connect lines at first, and how to connect later; commands find it meanwhile [SP-1] [SP-20] [SP-14]', {
  timeout,
}, async () => {
  database = await databaseFor(data);
  const first = serve();
  await first.says(/ready after [\d.]+ s/);
  const [, url = ''] = /serves MCP at (http:\S+\/mcp)/.exec(first.stdout()) ?? [];
  const [key = ''] = /fl_\S+/.exec(first.stdout()) ?? [];
  for (const name of ['Claude Code', 'Cursor', 'VS Code', 'Windsurf', 'MCP Inspector']) {
    expect(first.stdout()).toContain(name);
  }
  expect(first.stdout()).toContain(url);
  expect(first.stdout()).toContain('npx fairlead keys create --name "my agent" --role developer');

  // The note of the start: for its owner alone, with a key that is not the one shown.
  const [file = ''] = readdirSync(home.startNotes);
  const note = noted();
  expect(statSync(join(home.startNotes, file)).mode & 0o777).toBe(0o600);
  expect(note).toMatchObject({ url: url.replace('/mcp', ''), pid: first.child.pid, dataDir: data });
  expect(note.key).not.toBe(key);
  expect(await cli('call', 'fix.echo', 'text=found')).toMatchObject({ code: 0, stdout: 'found\n' });

  // The local key is not handed on.
  const connect = await cli('connect');
  expect(connect.code).toBe(0);
  expect(connect.stdout).not.toContain(note.key);

  const stopped = await first.stop();
  expect(stopped.code).toBe(0);
  expect(readdirSync(home.startNotes)).toEqual([]);

  const second = serve();
  await second.says(/npx fairlead connect/);
  const later = noted();
  expect(second.stdout()).not.toContain('fl_');
  const old = ['--url', later.url, '--key', note.key] as const;
  expect((await cli('tools', 'list', ...old)).code).toBe(4); // ended with the server that made it
  expect((await cli('tools', 'list', '--url', later.url, '--key', key)).code).toBe(0);

  // Nobody revokes at kill -9; the next start does.
  second.child.kill('SIGKILL');
  await second.ended;
  expect((await cli('tools', 'list')).code).toBe(3);
  const third = serve();
  await third.says(/npx fairlead connect/);
  const { url: thirdUrl } = noted();
  expect((await cli('tools', 'list', '--url', thirdUrl, '--key', later.key)).code).toBe(4);
  expect((await cli('tools', 'list')).code).toBe(0);
});

it('commands without a server look in the database for the organisations that the settings name, where it can be had [SP-3]', {
  timeout,
}, async () => {
  const config = { endpoints: { team: { org: 'acme' } }, server: { redisUrl: 'redis://127.0.0.1:9' } };
  writeFileSync(join(home.home, 'fairlead.yaml'), JSON.stringify(config));
  const missing = 'endpoints.team.org: there is no organisation acme; `fairlead orgs create acme` makes it';
  const unseen = 'not looked at, whether the organisations exist that are named (acme): ';
  const check = async (env: Record<string, string> = {}) => {
    const ran = await run(['config', 'check', '--data-dir', data, '--json'], {
      env: { ...home.env, ...env },
      cwd: home.home,
    });
    expect(ran.code).toBe(0);
    return JSON.parse(ran.stdout).warnings as string[];
  };
  expect(await check()).toEqual([missing]); // no server has run here yet
  const away = { DATABASE_URL: 'postgres://127.0.0.1:9/none', FAIRLEAD_SECRET: 's'.repeat(32) };
  expect(await check(away)).toEqual([expect.stringContaining(unseen)]);

  database = await databaseFor(data);
  expect(await check(database.env)).toEqual([missing]);
  const server = serve();
  await server.says(/ready after/);
  expect((await cli('orgs', 'create', 'acme')).code).toBe(0);
  const whileItRuns = await check(database.env);
  if (database.env.DATABASE_URL === undefined) expect(whileItRuns).toEqual([expect.stringContaining(unseen)]);
  else expect(whileItRuns).toEqual([]);
  await server.stop();
  expect(await check(database.env)).toEqual([]);

  writeFileSync(join(home.home, 'fairlead.yaml'), JSON.stringify({ endpoints: { team: { org: 'nobody' } } }));
  const examined = await run(['doctor', '--data-dir', data], {
    env: { ...home.env, ...database.env, FAIRLEAD_PORT: '0' },
    cwd: home.home,
  });
  expect(examined).toMatchObject({ code: 0, stdout: expect.stringContaining('there is no organisation nobody') });
});
