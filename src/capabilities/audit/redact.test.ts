import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testKeyring } from '../../../test/audit-calls.ts';
import { canonicalJson } from '../../kernel/digest.ts';
import type { Json } from '../../kernel/json.ts';
import { createRedactor } from './redact.ts';

const redactor = (maxBytes = 16_384, redactKeys: string[] = []) =>
  createRedactor({ keyring: testKeyring, maxBytes, redactKeys });

const kept = (value: unknown, redactKeys: string[] = []) => redactor(16_384, redactKeys).body(value).kept;

describe('redaction by name', () => {
  it('hides values of secret names at any depth, whatever their type and spelling [SP-16]', () => {
    expect(
      kept({
        password: 'hunter2',
        deep: [{ GITHUB_TOKEN: 'x', 'x-api-key': 12345, dbPassword: ['a', 'b'], Set_Cookie: { sid: '1' } }],
        private_key: 'k',
        user: 'ada',
      }),
    ).toEqual({
      password: '[redacted]',
      deep: [
        { GITHUB_TOKEN: '[redacted]', 'x-api-key': '[redacted]', dbPassword: '[redacted]', Set_Cookie: '[redacted]' },
      ],
      private_key: '[redacted]',
      user: 'ada',
    });
  });

  it('hides values of the configured names, in objects and in texts [SP-16]', () => {
    const own = ['national-id', 'ssn'];
    expect(kept({ nationalId: '123', user_ssn: '456', note: 'ssn=078-05-1120 and "national_id": "99"' }, own)).toEqual({
      nationalId: '[redacted]',
      user_ssn: '[redacted]',
      note: 'ssn=[redacted] and "national_id": [redacted]',
    });
  });

  it('hides values whose name stands beside them: pairs, environment lists, argument lists, headers [SP-16]', () => {
    expect(
      kept({
        env: [
          { name: 'DB_PASSWORD', value: 'hunter2' },
          { name: 'REGION', value: 'eu' },
        ],
        headers: [
          ['Authorization', 'abc'],
          ['Accept', 'text/html'],
        ],
        args: ['--user', 'ada', '--password', 'hunter2', '--token=abc'],
      }),
    ).toEqual({
      env: [
        { name: 'DB_PASSWORD', value: '[redacted]' },
        { name: 'REGION', value: 'eu' },
      ],
      headers: [
        ['Authorization', '[redacted]'],
        ['Accept', 'text/html'],
      ],
      args: ['--user', 'ada', '--password', '[redacted]', '--token=[redacted]'],
    });
  });

  it('hides what a Kubernetes secret holds, as an object and as a manifest [SP-16]', () => {
    expect(kept({ kind: 'Secret', metadata: { name: 'db' }, data: { any: 'aHVudGVyMg==' } })).toEqual({
      kind: 'Secret',
      metadata: { name: 'db' },
      data: '[redacted]',
    });
    const manifest =
      'kind: Secret\nmetadata:\n  name: db\nstringData:\n  any: hunter2\n  other: hunter3\ntype: Opaque\n';
    expect(kept(manifest)).toBe(
      'kind: Secret\nmetadata:\n  name: db\nstringData:\n  any: [redacted]\n  other: [redacted]\ntype: Opaque\n',
    );
  });

  it('leaves alone what only sounds like a secret [SP-16]', () => {
    const value = {
      max_tokens: 512,
      hasPassword: true,
      password: null,
      author: 'ada',
      nextPageToken: 'p2',
      secretName: 'db',
    };
    expect(kept(value)).toEqual(value);
  });
});

const secrets: Record<string, string> = {
  'our own key': 'fl_7k2m9q4t8w3x6z1b5d0f',
  'an AWS key': 'AKIAIOSFODNN7EXAMPLE',
  'a bearer token': 'mF_9.B5f-4.1JqM0aZ',
  'a JSON Web Token': 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLWhlcmU',
  'a GitHub token': 'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'a private key': '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\n-----END RSA PRIVATE KEY-----',
  'a password in a URL': 'postgres://app:s3cr3tpass@db.internal:5432/app',
};

/** The part of each that must not be seen again. */
const cores: Record<string, string> = {
  ...secrets,
  'a private key': 'MIIEpAIBAAKCAQEA7bq',
  'a password in a URL': 's3cr3tpass',
};

describe('redaction by pattern', () => {
  it.each(Object.keys(secrets))('hides %s wherever it stands in a text [SP-16]', (kind) => {
    const secret = secrets[kind] ?? '';
    const shown = kind === 'a bearer token' ? `Bearer ${secret}` : secret;
    for (const text of [shown, `see ${shown} here`, JSON.stringify({ a: shown }), `x="${shown}"`, `\n${shown}\n`]) {
      expect(JSON.stringify(kept({ note: text, [text]: 1 }))).not.toContain(cores[kind]);
    }
  });

  it.each([
    ['password: hunter2 and more', 'password: [redacted]'],
    ['spec:\n  - dbPassword: "hunter2"\n    user: ada', 'spec:\n  - dbPassword: [redacted]\n    user: ada'],
    ['password: |\n  hunter2\n  hunter3\nuser: ada', 'password: |\n  [redacted]\nuser: ada'],
    ['mysql --password hunter2 -u ada', 'mysql --password [redacted] -u ada'],
    ['curl --token "hunter2 x" https://a.b', 'curl --token [redacted] https://a.b'],
    ['DB_PASSWORD=hunter2 ./run', 'DB_PASSWORD=[redacted] ./run'],
  ])('hides the value in %j [SP-16]', (text, shown) => {
    expect(kept(text)).toBe(shown);
  });

  it('is not made to backtrack by hostile texts [SP-16]', () => {
    const { body } = redactor();
    const hostile = [
      'a-',
      '--password',
      '\n-password',
      ' \t',
      'password:\n',
      '"',
      "\\'",
      '://a:',
      'eyJ',
      '-----BEGIN ',
    ];
    const started = process.cpuUsage();
    for (const piece of hostile) body(piece.repeat(200_000 / piece.length));
    const { user } = process.cpuUsage(started);
    expect(user / 1_000).toBeLessThan(5_000);
  });
});

describe('cutting', () => {
  it('keeps a body within its limit, says what is missing, and keeps the digest of the whole [SP-16]', () => {
    const { body } = redactor(1_000);
    const value = { rows: Array.from({ length: 500 }, (_, id) => ({ id, text: 'x'.repeat(20) })), last: 'z' };
    const cut = body(value);
    expect(Buffer.byteLength(JSON.stringify(cut.kept))).toBeLessThanOrEqual(1_000);
    expect(JSON.stringify(cut.kept)).toContain('[cut');
    expect(cut.bytes).toBe(Buffer.byteLength(canonicalJson(value)));
    expect(cut.digest).toBe(`hmac-sha256:${testKeyring.hash('audit-digests', canonicalJson(value))}`);
    expect(body({ ...value, last: 'y' }).digest).not.toBe(cut.digest);
    expect(body({ rows: [] })).not.toHaveProperty('bytes');
  });

  it('never shows part of a secret that a cut would have split [SP-16]', () => {
    const secret = 'fl_7k2m9q4t8w3x6z1b5d0f';
    for (let before = 60; before < 110; before++) {
      const text = JSON.stringify(redactor(100).body(`${'.'.repeat(before)} ${secret}${'.'.repeat(20_000)}`).kept);
      expect(text).not.toContain('fl_7k2');
    }
  });

  it('survives what is no JSON: cycles, lone surrogates, odd numbers, depth [SP-16]', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    let deep: unknown = 'end';
    for (let depth = 0; depth < 50_000; depth++) deep = [deep];
    for (const value of [cycle, deep, '\ud800', { '\udfff': Number.NaN }, 10n, undefined, () => 1]) {
      const { kept: safe } = redactor().body(value);
      expect(JSON.stringify(safe).isWellFormed()).toBe(true);
      expect(() => canonicalJson(safe)).not.toThrow();
    }
  });
});

describe('what policies saw', () => {
  it('keeps equal secrets equal, as keyed digests, and nothing of them readable [SP-16]', () => {
    const { context } = redactor();
    const one = context({ env: 'prod', args: { password: 'hunter2', header: 'Bearer abcdefgh12345678' } });
    const same = context({ env: 'prod', args: { password: 'hunter2', header: 'Bearer abcdefgh12345678' } });
    const other = context({ env: 'prod', args: { password: 'hunter3', header: 'Bearer abcdefgh12345678' } });
    expect(one).toEqual(same);
    expect(one).not.toEqual(other);
    expect(JSON.parse(one.text)).toMatchObject({
      env: 'prod',
      args: { password: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/) },
    });
    expect(one).not.toContain('hunter2');
    expect(one).not.toContain('abcdefgh12345678');
  });
});

const secretNames = ['password', 'API_KEY', 'accessToken', 'client-secret', 'Authorization', 'db.passphrase', 'cookie'];

describe('properties', () => {
  it('lets no seeded secret survive, wherever it was put [SP-16]', () => {
    const named = fc
      .tuple(fc.constantFrom(...secretNames), fc.stringMatching(/^zq[a-z0-9]{12}$/))
      .map(([name, secret]) => ({ value: { [name]: secret } as Json, secret }));
    const patterned = fc
      .tuple(fc.constantFrom(...Object.keys(secrets)), fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }))
      .map(([kind, before, after]) => {
        const shown = kind === 'a bearer token' ? `Bearer ${secrets[kind]}` : (secrets[kind] ?? '');
        return { value: `${before} ${shown} ${after}` as Json, secret: cores[kind] ?? '' };
      });
    const seeded = fc.oneof(named, patterned);
    const around = fc.array(fc.oneof(fc.constant('list'), fc.string({ maxLength: 12 })), { maxLength: 5 });
    fc.assert(
      fc.property(
        seeded,
        around,
        fc.jsonValue({ maxDepth: 2 }),
        fc.integer({ min: 40, max: 5_000 }),
        (seed, path, other, max) => {
          let value: Json = seed.value;
          for (const step of path)
            value = step === 'list' ? [other as Json, value] : { [step]: value, other: other as Json };
          const { body, context } = redactor(max);
          expect(JSON.stringify(body(value).kept)).not.toContain(seed.secret);
          expect(JSON.stringify(context(value))).not.toContain(seed.secret);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('keeps what has no secret as it is, within the limit always [SP-16]', () => {
    const harmless = fc.jsonValue({ maxDepth: 4, stringUnit: fc.constantFrom(...'abcdefghij .,') });
    fc.assert(
      fc.property(harmless, fc.integer({ min: 20, max: 3_000 }), (value, max) => {
        const { kept: safe, bytes } = redactor(max).body(value);
        expect(Buffer.byteLength(JSON.stringify(safe))).toBeLessThanOrEqual(max);
        if (bytes === undefined) expect(JSON.stringify(safe)).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });
});
