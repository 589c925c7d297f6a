import { expect } from 'vitest';
import { run as commandLine, temporaryHome } from '../../cli/run.ts';
import { type Attack, refused } from '../attack.ts';
import type { World } from '../world.ts';

// What an upstream, a caller or a program says of itself, written against whoever or whatever reads it.

/** Our own, on a terminal. */
const colours = new RegExp(`${String.fromCharCode(27)}\\[\\d*(;\\d+)*m`, 'g');

/** Rules in names, and rules that would be more than they seem. */
const policies: Record<string, string> = {
  'that permits what the boundary forbids': '@id("own-organisation") permit (principal, action, resource);',
  'that names a rule of the server': '@id("viewer") permit (principal, action, resource);',
  'that is no rule': 'permit (principal, action, resource) when { system("id") };',
  'with a NUL': 'permit (principal, action, resource);\0',
  'with a rule behind a comment': '// harmless\u2028permit (principal, action, resource)',
  'that never ends': `permit (principal, action, resource) when { ${'!'.repeat(20_000)}true };`,
  'that is nested without end': `permit (principal, action, resource) when { ${'('.repeat(5_000)}true${')'.repeat(5_000)} };`,
  'of what does not exist': 'permit (principal == Root::"root", action, resource);',
};

/** Patterns and texts that a backtracking engine would take for ever over. */
const slow = `${'a'.repeat(40_000)}!`;

export const textAttacks: Attack[] = [
  ...Object.entries(policies).map(([name, text]) => ({
    name: `a policy ${name}`,
    async run({ send, keys }: World) {
      const put = await send('/api/v1/policies/injected', { key: keys.acmeAdmin, method: 'PUT', json: { text } });
      // A rule of an organisation may say what it likes: it reaches no other one, and is taken away again.
      if (put.status < 300) {
        const call = await send('/api/v1/tools/ledger.free/call', {
          key: keys.acmeAdmin,
          json: { arguments: { text: 'across' } },
        });
        expect(call.text).not.toContain('"outcome":"ok"');
        await send('/api/v1/policies/injected', { key: keys.acmeAdmin, method: 'DELETE' });
      } else refused(put, [400, 409, 413, 422]);
    },
    mayChange: ['policies', 'policy_versions', 'policy_revisions', 'policy_sets'], // of the attacker's own organisation
  })),
  {
    name: 'a rule in the name of a tool, an argument, a key and a principal',
    async run({ send, keys, ledger }) {
      const rule = '"]); permit (principal, action, resource); //';
      const call = await send('/api/v1/tools/ledger.pay/call', {
        key: keys.viewer,
        json: { arguments: { text: rule } },
      });
      expect(call.text).not.toContain('"outcome":"ok"');
      for (const id of [`ledger.pay${rule}`, rule, `ledger.${rule}`]) {
        const path = `/api/v1/tools/${encodeURIComponent(id)}/call`;
        refused(await send(path, { key: keys.viewer, json: { arguments: { text: rule } } }), [400, 404]);
      }
      const explain = {
        principal: { id: `x"${rule}`, roles: ['viewer'] },
        tool: 'ledger.pay',
        arguments: { text: rule },
      };
      const said = await send('/api/v1/policies/explain', { json: explain });
      expect(said.status).toBeLessThan(500);
      if (said.status === 200) expect(said.json().decision ?? said.json().call).not.toMatchObject({ allowed: true });
      expect(ledger.lines().join()).not.toContain('pay "]');
    },
  },
  {
    name: 'a tool that has the name of another one',
    async run({ send, ledger, keys }) {
      const { tools } = (await send('/api/v1/tools')).json();
      const ids = tools.map(({ id }: { id: string }) => id);
      expect(ids).toEqual(expect.arrayContaining(['ledger.free', 'hostile.plain']));
      expect(new Set(ids).size).toBe(ids.length);
      const wire = tools.map(({ name }: { name: string }) => name).filter(Boolean);
      expect(new Set(wire).size).toBe(wire.length);
      const before = ledger.lines().length;
      const json = { arguments: { text: 'the right one' } };
      await send('/api/v1/tools/ledger.free/call', { key: keys.operator, json });
      expect(ledger.lines().slice(before)).toEqual(['free the right one']);
    },
    mayChange: ['ran'], // one call of the right tool
  },
  {
    name: 'instructions for a model in a definition and in an answer',
    async run({ send }) {
      const { flags, ...tool } = (await send('/api/v1/tools/hostile.orders')).json();
      void flags;
      expect(tool.id).toBe('hostile.orders');
      const answer = (await send('/api/v1/tools/hostile.orders/call', { json: { arguments: {} } })).json();
      // What it says stays what a tool said: one text in its own result, and no call of anything.
      expect(answer.outcome).toBe('ok');
      expect(answer.result.content).toHaveLength(1);
    },
  },
  {
    name: 'escapes, formulas, markup and mentions in what the command line lists',
    async run({ fairlead }) {
      const home = temporaryHome();
      const env = { ...home.env, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey };
      try {
        for (const args of [
          ['tools', 'list'],
          ['tools', 'list', '--json'],
          ['upstreams', 'list'],
          ['audit'],
          ['keys', 'list'],
        ])
          for (const terminal of [true, false]) {
            const { stdout, stderr, code } = await commandLine(args, { env, terminal });
            expect(code, stderr).toBe(0);
            const plain = `${stdout}${stderr}`.replaceAll(colours, '');
            expect(plain, args.join(' ')).not.toMatch(/(?![\n\t])\p{Cc}|[\p{Bidi_Control}]/u);
          }
      } finally {
        home.remove();
      }
    },
  },
  {
    name: 'a line of the log of one’s own making',
    async run({ send, log }) {
      const forgedLine = '{"severity":"ERROR","message":"forged by the attacker"}';
      for (const text of [
        `x\n${forgedLine}`,
        `x\r\n${forgedLine}\r\n`,
        `x\u2028${forgedLine}`,
        `\u001b[2J${forgedLine}`,
      ]) {
        const value = encodeURIComponent(text);
        await send(`/api/v1/keys/${value}`);
        await send(`/${value}`, { headers: { 'user-agent': text.replaceAll(/[^\x20-\x7e]/g, ' ') } });
        await send('/api/v1/me', { key: `fl_${value}` });
        await send('/auth/oauth2/register', { key: null, json: { client_name: text, redirect_uris: [text] } });
        await send('/api/v1/tools/hostile.plain/call', { json: { arguments: { text } } });
      }
      const lines = log().split('\n').filter(Boolean);
      expect(lines.length).toBeGreaterThan(10);
      for (const line of lines) {
        expect(() => JSON.parse(line), line).not.toThrow();
        expect(JSON.parse(line).message).not.toBe('forged by the attacker');
        expect(line).not.toMatch(/\p{Cc}/u);
      }
    },
  },
  {
    name: 'patterns that take for ever: of a tool’s schema, of a search, of a name',
    async run({ send, keys }) {
      const startedAt = performance.now();
      const json = { arguments: { text: slow } };
      refused(await send('/api/v1/tools/hostile.regex/call', { json }), [400, 422]);
      for (const query of [slow, `${'"a" '.repeat(900)}`, `${'(a|a)*'.repeat(600)}`, '\\'.repeat(3_000)]) {
        const search = { arguments: { query: query.slice(0, 3_900) } };
        for (const tool of ['fairlead.search_tools', 'knowledge.query'])
          expect((await send(`/api/v1/tools/${tool}/call`, { key: keys.developer, json: search })).status).toBeLessThan(
            500,
          );
      }
      const settings = { include: [{ tools: [`${'*a'.repeat(40)}`] }] };
      await send('/api/v1/endpoints/slow', { key: keys.acmeAdmin, method: 'PUT', json: { settings } });
      await send('/api/v1/tools?query=a', { key: keys.acmeAdmin });
      await send('/api/v1/endpoints/slow', { key: keys.acmeAdmin, method: 'DELETE' });
      refused(
        await send('/api/v1/users/invitations', { json: { email: `${'a.'.repeat(20_000)}@x`, role: 'viewer' } }),
        [400],
      );
      refused(await send('/api/v1/keys', { key: `Bearer${' '.repeat(7_000)}x` }), [400, 401]);
      // A backtracking engine would need longer than the universe has been there.
      expect(performance.now() - startedAt).toBeLessThan(60_000);
      expect((await send('/api/v1/me')).status).toBe(200);
    },
    mayChange: ['endpoints'], // one of the attacker's own, taken away again
  },
  {
    name: 'secrets, in the log and in the audit, after all of this',
    async run({ send, log, fairlead, keys, attacker, victim }) {
      const audit = (await send('/api/v1/audit/export')).text;
      expect(audit.length).toBeGreaterThan(10_000);
      const secrets = [
        fairlead.adminKey,
        ...Object.values(keys),
        attacker.tokens.access_token,
        attacker.tokens.refresh_token,
        victim.tokens.access_token,
        victim.tokens.refresh_token,
        victim.browser.cookies.get('fairlead.session_token')?.value ?? 'none',
        'four plain words here',
      ];
      for (const [n, secret] of secrets.entries()) {
        expect(audit.includes(secret), `the audit has secret ${n}`).toBe(false);
        expect(log().includes(secret), `the log has secret ${n}`).toBe(false);
      }
      const verified = (await send('/api/v1/audit/verify')).json();
      expect([verified.ok, verified.faults]).toEqual([true, []]);
    },
  },
];
