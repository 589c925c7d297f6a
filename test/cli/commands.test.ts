import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveHttpFixture } from '../fixtures/servers/http.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { type Ran, run, runProgram } from './run.ts';

let fairlead: Fairlead;
let web: Awaited<ReturnType<typeof serveHttpFixture>>;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  web = await serveHttpFixture('both');
  folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-'));
  fairlead = await startFairlead({
    config: {
      upstreams: { fix: { ...fixtureUpstream(), startTimeoutMs: 30_000 } },
      endpoints: { plain: { toolsets: ['fix'], naming: 'bare' }, theirs: { org: 'acme' } },
      egress: { allow: ['127.0.0.1'] },
    },
  });
  env = { HOME: folder, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey };
});
afterAll(async () => {
  await fairlead?.stop();
  await web?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) => run(args, { env, cwd: folder });

/** What a command that went well prints as JSON. */
async function json(...args: string[]) {
  const ran = await cli(...args, '--json');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ran.stdout);
}

function went({ code, stdout, stderr }: Ran): string {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('fairlead call', () => {
  it('prints the text of the result and ends with 0 [SP-20] [SP-12]', async () => {
    expect(went(await cli('call', 'fix.echo', 'text=hello there'))).toBe('hello there\n');
  });

  it('takes arguments as pairs, as JSON, from a file and from standard input, pairs over the rest [SP-20]', async () => {
    const told = async (...args: string[]) =>
      (await json('audit', '--tool', 'fix.echo', '--limit', '1', ...args)).arguments;
    await cli('call', 'fix.echo', 'text=one', 'count:=3', 'list:=["a", true]', 'odd=a=b:=c');
    expect(await told()).toEqual({ text: 'one', count: 3, list: ['a', true], odd: 'a=b:=c' });
    await cli('call', 'fix.echo', '--args', '{"text": "two", "deep": {"er": null}}', 'text=pair');
    expect(await told()).toEqual({ text: 'pair', deep: { er: null } });
    writeFileSync(join(folder, 'args.json'), '{"text": "three"}');
    expect(went(await cli('call', 'fix.echo', '--args-file', 'args.json'))).toBe('three\n');
    const piped = await run(['call', 'fix.echo', '--args-file', '-'], { env, cwd: folder, input: '{"text": "four"}' });
    expect(went(piped)).toBe('four\n');
  });

  it.each([
    ['no pair', ['text']],
    ['a value that is no JSON', ['count:=three']],
    ['arguments that are no object', ['--args', '[1]']],
    ['arguments that are no JSON', ['--args', '{']],
    ['a file that is not there', ['--args-file', 'missing.json']],
    ['two sources', ['--args', '{}', '--args-file', '-']],
  ])('refuses %s with exit code 2 before anything is called [SP-20]', async (_, args) => {
    const { code, stdout, stderr } = await cli('call', 'fix.echo', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n').length).toBeGreaterThan(2); // what is wrong, and what to do
  });

  it('prints the raw reply with --json [SP-20] [SP-12]', async () => {
    expect(await json('call', 'fix.echo', 'text=raw')).toMatchObject({
      callId: expect.stringMatching(/^call_/),
      outcome: 'ok',
      result: { content: [{ type: 'text', text: 'raw' }] },
    });
  });

  it('ends with 1 and says why when there is no such tool, what to do, and which call it was [SP-20] [SP-17]', async () => {
    const { code, stdout, stderr } = await cli('call', 'fix.nothing');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^denied: There is no tool "fix\.nothing"/);
    expect(stderr).toMatch(/\(call call_/);
    const raw = await cli('call', 'fix.nothing', '--json');
    expect(raw.code).toBe(1);
    expect(JSON.parse(raw.stdout)).toMatchObject({ outcome: 'denied', error: { code: 'UNKNOWN_TOOL' } });
  });

  it('calls through a named endpoint [SP-20] [SP-4]', async () => {
    expect(went(await cli('call', 'echo', 'text=by endpoint', '--endpoint', 'plain'))).toBe('by endpoint\n');
  });
});

describe('where the server is', () => {
  it('ends with 3 and says what to do when nothing says where [SP-20]', async () => {
    const { code, stdout, stderr } = await run(['tools', 'list'], { env: { HOME: folder } });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('npx fairlead serve');
    expect(stderr).toContain('--url');
  });

  it('ends with 3 when nothing listens there [SP-20]', async () => {
    const { code, stderr } = await cli('tools', 'list', '--url', 'http://127.0.0.1:9');
    expect(code).toBe(3);
    expect(stderr).toContain('Nothing answers at http://127.0.0.1:9');
  });

  it('ends with 3 when somebody else answers there [SP-20]', async () => {
    const { code, stderr } = await cli('tools', 'list', '--url', new URL(web.url).origin);
    expect(code).toBe(3);
    expect(stderr).toContain('no Fairlead');
  });

  it('ends with 4 without a key, and with a wrong one [SP-20]', async () => {
    const keyless = await run(['tools', 'list', '--url', fairlead.url], { env: { HOME: folder } });
    expect(keyless).toMatchObject({ code: 4, stdout: '' });
    expect(keyless.stderr).toContain('FAIRLEAD_KEY');
    const wrong = await cli('tools', 'list', '--key', 'fl_wrong_wrong_wrong_wrong_wrong_wrong');
    expect(wrong).toMatchObject({ code: 4, stdout: '' });
  });

  it.each(['€', 'fl_one\ntwo'])('ends with 4 with a key that cannot be one: %j [SP-20]', async (key) => {
    const { code, stdout, stderr } = await cli('tools', 'list', '--key', key);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^The API key for http\S+ holds characters that no key has\.\n.*--key/);
  });

  it('takes the address of the MCP endpoint as well [SP-20]', async () => {
    went(await cli('tools', 'list', '--url', `${fairlead.url}/mcp`));
    went(await cli('tools', 'list', '--url', `${fairlead.url}/mcp/plain/`));
  });
});

describe('fairlead tools', () => {
  it('lists what the key may call, for people and for programs [SP-20]', async () => {
    const text = went(await cli('tools', 'list'));
    expect(text).toMatch(/^TOOL +DOES +DESCRIPTION$/m);
    expect(text).toMatch(/^fix\.echo +reads/m);
    const { tools } = await json('tools', 'list', '--toolset', 'fix');
    expect(tools.map(({ id }: { id: string }) => id)).toContain('fix.echo');
    const viewer = await fairlead.makeKey(['viewer']);
    expect((await json('tools', 'list', '--key', viewer)).tools.length).toBeLessThan(tools.length);
  });

  it('tells a toolset that is not there from one without tools, and names those that are [SP-20]', async () => {
    for (const more of [[], ['--json'], ['--endpoint', 'plain']]) {
      const { code, stdout, stderr } = await cli('tools', 'list', '--toolset', 'nope', ...more);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe('There is no toolset "nope".\nThere is: fix.\n');
    }
  });

  it('describes one, with a line that calls it [SP-20]', async () => {
    const text = went(await cli('tools', 'describe', 'fix.echo'));
    expect(text).toContain('npx fairlead call fix.echo');
    expect((await json('tools', 'describe', 'fix.echo')).definition).toHaveProperty('inputSchema');
    expect(await cli('tools', 'describe', 'fix.nothing')).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('fairlead upstreams', () => {
  it('adds, lists, tests and removes one while the server runs [SP-20] [SP-9]', async () => {
    expect(went(await cli('upstreams', 'test', 'web', web.url))).toMatch(/^web works over http/);
    expect(went(await cli('upstreams', 'add', 'web', web.url, '--header', 'x-note: hello'))).toContain('Added');
    const { upstreams } = await json('upstreams', 'list');
    expect(upstreams.map(({ name, source }: { name: string; source: string }) => [name, source])).toEqual([
      ['fix', 'file'],
      ['web', 'runtime'],
    ]);
    expect(went(await cli('upstreams', 'list'))).toMatch(/^NAME +STATE +TOOLS +SOURCE +TARGET$/m);
    expect(await json('upstreams', 'test', 'web')).toMatchObject({ ok: true });
    expect(went(await cli('upstreams', 'add', 'web', web.url, '--replace'))).toContain('Changed');
    expect(await json('upstreams', 'remove', 'web')).toEqual({ removed: 'web' });
    expect((await json('upstreams', 'list')).upstreams).toHaveLength(1);
  });

  it('tells the state of one of the file, and that it is changed there [SP-20] [SP-9]', async () => {
    expect(went(await cli('upstreams', 'test', 'fix'))).toMatch(/^fix works over stdio/);
    for (const args of [
      ['remove', 'fix'],
      ['add', 'fix', web.url, '--replace'],
    ]) {
      const { code, stdout, stderr } = await cli('upstreams', ...args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^The upstream "fix" is declared in the configuration file\.\nChange or remove it there/);
    }
    expect((await cli('upstreams', 'add', 'fix', web.url)).stderr).toContain('The name "fix" is taken');
  });

  it('says what its tools count as when what the server says of them is not believed [SP-20] [SP-9]', async () => {
    const said = /every tool counts as destructive.*viewers and developers.*"annotations": "trust".*--settings-file/;
    const added = went(await cli('upstreams', 'add', 'doubted', web.url));
    expect(added).toMatch(said);
    writeFileSync(join(folder, 'trusted.json'), JSON.stringify({ url: web.url, annotations: 'trust' }));
    const trusted = await cli('upstreams', 'add', 'doubted', '--settings-file', 'trusted.json', '--replace');
    expect(went(trusted)).not.toMatch(said);
    expect(await json('upstreams', 'remove', 'doubted')).toEqual({ removed: 'doubted' });
  });

  it.each(['ftp://foo', 'ws://127.0.0.1/mcp'])('takes %s for no program [SP-20]', async (address) => {
    for (const command of ['add', 'test']) {
      const { code, stdout, stderr } = await cli('upstreams', command, 'x', address);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/must begin with http:\/\/ or https:\/\//);
    }
  });

  it('ends with 1 when one does not work, with the reason [SP-20]', async () => {
    const { code, stdout } = await cli('upstreams', 'test', 'gone', 'http://127.0.0.1:9/mcp');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^gone does not work: \w/);
    const stdio = await cli('upstreams', 'add', 'notes', '--', 'some-program', '--flag');
    expect(stdio.code).toBe(1); // programs are off unless the file allows them
    expect(stdio.stderr).toContain('allowRuntimeStdio');
  });
});

describe('fairlead orgs and keys', () => {
  it('creates an organisation and its first key, which sees its own things alone, and deletes it [SP-20] [SP-14]', async () => {
    expect(await json('orgs', 'create', 'acme', '--name', 'Acme Ltd')).toMatchObject({ id: 'acme', name: 'Acme Ltd' });
    const { key, secret } = await json('keys', 'create', '--org', 'acme', '--name', 'first', '--role', 'admin');
    expect(key).toMatchObject({ org: 'acme', name: 'first', roles: ['admin'] });
    expect(went(await cli('orgs', 'list'))).toMatch(/^acme .*Acme Ltd$/m);
    const { keys } = await json('keys', 'list', '--key', secret);
    expect(keys.map(({ id }: { id: string }) => id)).toEqual([key.id]);
    expect(await cli('orgs', 'delete', 'acme')).toMatchObject({ code: 2 }); // nobody can be asked
    expect(await json('orgs', 'delete', 'acme', '--yes')).toEqual({ deleted: 'acme' });
    expect((await cli('keys', 'list', '--key', secret)).code).toBe(4);
  });

  it('shows a secret once, lists the key without it, and ends it [SP-20] [SP-14]', async () => {
    const text = went(await cli('keys', 'create', '--name', 'agent', '--role', 'viewer', '--expires', '30d'));
    const [secret = ''] = /fl_\S+/.exec(text) ?? [];
    const [id = ''] = /key_\S+/.exec(text) ?? [];
    expect(text).toContain('shown this once');
    went(await cli('tools', 'list', '--key', secret));
    const listed = went(await cli('keys', 'list'));
    expect(listed).toMatch(new RegExp(`^${id} +viewer +in 30 d +`, 'm'));
    expect(listed).not.toContain(secret);
    expect(went(await cli('keys', 'revoke', id))).toContain(id);
    expect((await cli('tools', 'list', '--key', secret)).code).toBe(4);
    expect(went(await cli('keys', 'list'))).not.toContain(id);
    expect(went(await cli('keys', 'list', '--all'))).toMatch(new RegExp(`^${id} +viewer +revoked`, 'm'));
  });

  it('says what is wrong with a key that is not created [SP-20]', async () => {
    expect((await cli('keys', 'create')).code).toBe(2);
    expect((await cli('keys', 'create', '--name', 'x', '--expires', 'soon')).code).toBe(2);
    const role = await cli('keys', 'create', '--name', 'x', '--role', 'viewer', 'boss');
    expect(role).toMatchObject({ code: 2, stdout: '' });
    expect(role.stderr).toBe('--role: there is no role "boss".\nKnown: viewer, developer, operator, admin.\n');
    const scope = await cli('keys', 'create', '--offline', '--scope', 'tools:read', 'tools:write');
    expect(scope).toMatchObject({ code: 2, stdout: '' });
    expect(scope.stderr).toMatch(/^--scope: there is no scope "tools:write"\.\nKnown: tools:read, tools:call, /);
    expect(existsSync(join(folder, '.fairlead'))).toBe(false);
  });
});

describe('fairlead policies', () => {
  it('checks, saves, lists and removes one [SP-20] [SP-15]', async () => {
    const file = join(folder, 'none.cedar');
    writeFileSync(file, 'forbid (principal, action, resource) when { context.environment == "moon" };\n');
    expect(went(await cli('policies', 'check', 'none.cedar'))).toContain('is valid: 1 rule.');
    expect(await json('policies', 'save', 'none', 'none.cedar', '--yes')).toMatchObject({ name: 'none', version: 1 });
    expect(went(await cli('policies', 'list'))).toMatch(/^none +1 /m);
    expect(went(await cli('policies', 'list', '--text'))).toContain('"moon"');
    expect(await json('policies', 'remove', 'none', '--yes')).toEqual({ removed: 'none' });
  });

  it('takes nothing without a rule, neither to check nor to save [SP-20] [SP-15]', async () => {
    for (const input of ['', '// forbid (principal, action, resource);\n']) {
      const checked = await run(['policies', 'check', '-'], { env, input });
      expect(checked).toMatchObject({ code: 1, stdout: '-: it holds no rule\n' });
      const saved = await run(['policies', 'save', 'hollow', '-', '--yes'], { env, input });
      expect(saved).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('it holds no rule') });
    }
  });

  it('names the place of each fault and ends with 1 [SP-20] [SP-15]', async () => {
    const wrong = await run(['policies', 'check', '-'], { env, input: 'permit (principal, action, resource' });
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(/^-:\d+/);
    expect((await run(['policies', 'save', 'x', '-', '--yes'], { env, input: 'permit' })).code).toBe(1);
  });

  it('does not change or remove what is shipped, and says what to do instead [SP-20] [SP-15]', async () => {
    const input = 'permit (principal, action, resource);';
    for (const args of [
      ['save', 'shipped', '-'],
      ['save', 'shipped:viewer', '-'],
      ['remove', 'shipped'],
      ['remove', 'shipped:viewer'],
    ]) {
      const ran = await run(['policies', ...args], { env, input });
      expect([args, ran.code, ran.stdout]).toEqual([args, 1, '']);
      expect(ran.stderr).toContain('The shipped rules come with Fairlead');
      expect(ran.stderr).toContain('under another name');
      expect(ran.stderr).toContain('policies.shipped: false');
    }
  });
});

describe('fairlead audit', () => {
  it('shows the newest first, and as JSON lines with arguments, filtered and limited [SP-16] [SP-20]', async () => {
    await cli('call', 'fix.echo', 'text=kept');
    await cli('call', 'fix.unknown', 'text=lost');
    const text = went(await cli('audit', '--limit', '5'));
    expect(text).toMatch(/^TIME +NAME +WHAT +OUTCOME +ID +PRINCIPAL$/m);
    expect(text.trimEnd().split('\n')).toHaveLength(6);
    const lines = went(
      await cli('audit', '--tool', 'fix.echo', '--outcome', 'ok', '--since', '1h', '--limit', '2', '--json'),
    );
    const records = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records).toHaveLength(2);
    expect(records[0]).toMatchObject({ tool: 'fix.echo', outcome: 'ok', arguments: { text: 'kept' } });
    const [{ principal }] = records;
    const mine = went(await cli('audit', '--principal', principal.id, '--json', '--limit', '3'));
    expect(mine.trimEnd().split('\n')).toHaveLength(3);
    expect(went(await cli('audit', '--principal', 'nobody'))).toBe('No records.\n');
    expect((await cli('audit', '--since', 'yesterday')).code).toBe(2);
    expect((await cli('audit', '--limit', '0')).code).toBe(2);
  });

  it('names callers also by what they cannot choose, and shows no name that misleads [SP-16] [SP-20]', async () => {
    const name = 'system\u202e\u2066   boss';
    const made = await fairlead.request('/api/v1/keys', { json: { name, roles: ['developer'] } });
    const { key, secret } = await made.json();
    await run(['call', 'fix.echo', 'text=x'], { env: { ...env, FAIRLEAD_KEY: secret }, cwd: folder });
    const [, row = ''] = went(await cli('audit', '--principal', `key:${key.id}`)).split('\n');
    expect(row).toMatch(new RegExp(`^\\S+ \\S+ +system boss +fix\\.echo +ok +call_\\w+ +key:${key.id}$`));
    const line = went(await cli('audit', '--principal', `key:${key.id}`, '--json'));
    expect(line).toContain('system\\u202e\\u2066');
    expect(JSON.parse(line).principal.name).toBe(name);
    expect(went(await cli('keys', 'list'))).toMatch(new RegExp(`${key.id} .* +system boss`));
    expect(went(await cli('keys', 'revoke', key.id))).toBe(`Revoked the key ${key.id} (system boss).\n`);
    const exported = (terminal: boolean) => run(['audit', 'export', '--kind', 'act'], { env, cwd: folder, terminal });
    const [forPrograms, forPeople] = [(await exported(false)).stdout, (await exported(true)).stdout];
    expect(forPrograms).toContain(name);
    expect(forPeople).not.toContain('\u202e');
    expect(
      forPeople
        .split('\n')
        .slice(0, 3)
        .map((each) => JSON.parse(each)),
    ).toEqual(
      forPrograms
        .split('\n')
        .slice(0, 3)
        .map((each) => JSON.parse(each)),
    );
  });

  it('verifies the chain, and exports all of it [SP-16] [SP-20]', async () => {
    expect(went(await cli('audit', 'verify'))).toMatch(/none is missing, none was changed/);
    expect(await json('audit', 'verify')).toMatchObject({ ok: true, org: 'default' });
    const all = went(await cli('audit', 'export'))
      .trimEnd()
      .split('\n');
    expect(all.length).toBeGreaterThan(10);
    for (const line of all) JSON.parse(line);
    const written = await cli('audit', 'export', 'audit.jsonl', '--tool', 'fix.echo');
    expect(written).toMatchObject({ code: 0, stdout: '' });
    for (const line of readFileSync(join(folder, 'audit.jsonl'), 'utf8').trimEnd().split('\n')) {
      expect(JSON.parse(line).tool).toBe('fix.echo');
    }
    expect((await cli('audit', 'export', 'audit.jsonl')).code).toBe(2); // never over a file that is there
  });
});

describe('fairlead audit verify --anchor', () => {
  const file = () => join(folder, 'anchors.jsonl');
  const lines = () =>
    readFileSync(file(), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const verify = (...more: string[]) => cli('audit', 'verify', '--anchor', 'anchors.jsonl', ...more);

  it('keeps where the chain ended, and holds it against that the next time [SP-16] [SP-20]', async () => {
    expect(went(await verify())).toMatch(/Nothing could be compared: .* was not there\. Its end, record \d+, is in /);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    await cli('call', 'fix.echo', 'text=more');
    expect(went(await verify())).toMatch(/Record \d+ is the one of .*anchors\.jsonl\. Its end, record \d+, is in /);
    const [first, second] = lines();
    expect(first).toEqual({
      at: expect.any(String),
      org: 'default',
      seq: expect.any(Number),
      hash: expect.any(String),
    });
    expect(second.seq).toBe(first.seq + 1);
    expect(await json('audit', 'verify', '--anchor', 'anchors.jsonl')).toMatchObject({
      ok: true,
      head: { seq: second.seq, hash: second.hash },
      anchor: { seq: second.seq, compared: 'hash' },
    });
    await cli('orgs', 'create', 'anchored');
    expect(went(await verify('--org', 'anchored'))).toMatch(/had none of this organisation\. It has no end to be kept/);
  });

  it('fails when the chain is shorter or another one than it was, and leaves the file as it is [SP-16] [SP-20]', async () => {
    await verify();
    const kept = readFileSync(file(), 'utf8');
    const { seq, hash } = lines().at(-1);
    for (const [anchor, problem] of [
      [
        { org: 'default', seq: seq + 5, hash },
        `record ${seq + 5}: anchor: the chain held this record, and ends at ${seq} now`,
      ],
      [{ org: 'default', seq, hash: '0'.repeat(64) }, `record ${seq}: anchor: this record is another one`],
      [{ org: 'anchored', seq: 1, hash }, 'record 1: anchor: the chain held this record, and is gone'],
    ] as const) {
      const text = `${kept}${JSON.stringify(anchor)}`; // without the end of its line, as an editor may leave it
      writeFileSync(file(), text);
      const { code, stdout } = await verify('--org', anchor.org);
      expect({ code, found: stdout.includes(problem) }).toEqual({ code: 1, found: true });
      expect(stdout).toContain('Nothing was added');
      expect(readFileSync(file(), 'utf8')).toBe(text);
    }
    expect((await verify()).code).toBe(0); // the last of them was about another organisation
    expect(lines().at(-1)).toMatchObject({ org: 'default', seq });
  });

  it('compares nothing with a file that it does not understand [SP-16] [SP-20]', async () => {
    const kept = readFileSync(file(), 'utf8');
    const other = JSON.stringify({ org: 'default', seq: '1', hash: 'f'.repeat(64) });
    for (const line of ['{"org":"defa', '[]', other, other.replace('"1"', '1').replace('ff', 'xx')]) {
      writeFileSync(file(), `${kept}${line}\n`);
      const { code, stderr } = await verify();
      expect(code).toBe(2);
      expect(stderr).toMatch(/Line \d+ of anchors\.jsonl is no anchor, so nothing was compared/);
    }
    expect((await cli('audit', 'verify', '--anchor', '.')).code).toBe(2);
    const unwritable = await cli('audit', 'verify', '--anchor', 'missing/anchors.jsonl');
    expect(unwritable).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be written (ENOENT)') });
  });
});

describe('fairlead connect', () => {
  it('prints the lines for every client or for one, with the key that was given [SP-20] [SP-1]', async () => {
    const text = went(await cli('connect'));
    for (const name of ['Claude Code', 'Cursor', 'VS Code', 'Windsurf', 'Codex', 'MCP Inspector', 'mcp-remote']) {
      expect(text).toContain(name);
    }
    expect(text).toContain(fairlead.adminKey);
    const { url, clients } = await json('connect', 'cursor', '--endpoint', 'plain');
    expect(url).toBe(`${fairlead.url}/mcp/plain`);
    expect(JSON.parse(clients[0].lines).mcpServers.fairlead.url).toBe(url);
    expect((await cli('connect', 'netscape')).code).toBe(2);
  });

  it('prints nothing for an endpoint that is not there, and names those that are [SP-20] [SP-4]', async () => {
    const { code, stdout, stderr } = await cli('connect', '--endpoint', 'nope');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^There is no endpoint "nope"\.\n.*or one of these: plain;/);
    expect(stderr).not.toContain('theirs'); // of another organisation
    expect((await cli('connect', '--endpoint', 'theirs')).code).toBe(1);
  });

  it.each([
    ['does not answer', ['--url', 'http://127.0.0.1:9'], 'Nothing answers'],
    ['does not know the key', ['--key', 'fl_wrong_wrong_wrong_wrong_wrong_wrong'], 'is not accepted'],
  ])('prints the lines for an endpoint of a server that %s, and says so [SP-20]', async (_, more, reason) => {
    const { code, stdout, stderr } = await cli('connect', '--endpoint', 'nope', ...more);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('could not be asked') });
    expect(stderr).toContain(reason);
    expect(stdout).toContain('/mcp/nope');
  });
});

describe('a process of its own', () => {
  it('ends with the same codes, and prints JSON alone on standard output [SP-20]', async () => {
    const called = await runProgram(['call', 'fix.echo', 'text=process', '--json'], {
      env: { ...env, PATH: process.env.PATH ?? '' },
    });
    expect(called).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(called.stdout)).toMatchObject({ outcome: 'ok' });
    expect((await runProgram(['call', 'fix.nothing'], { env })).code).toBe(1);
    expect((await runProgram(['call'], { env })).code).toBe(2);
    expect((await runProgram(['tools', 'list'], { env: { HOME: folder } })).code).toBe(3);
    expect(existsSync(join(folder, '.fairlead'))).toBe(false);
  });
});
