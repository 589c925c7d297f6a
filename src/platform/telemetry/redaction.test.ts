import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretKey, redacted, redactText, redactValue } from './redaction.ts';

const base64url = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => Buffer.from(bytes).toString('base64url'));
const base32 = (length: number) =>
  fc.string({ minLength: length, maxLength: length, unit: fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz') });
const password = fc.string({ minLength: 6, maxLength: 24, unit: fc.constantFrom(...'abcXYZ0189!$%^*_+-') });

/** A text that holds a secret, and the part of it that nobody may see. */
const secretTexts: Record<string, fc.Arbitrary<{ text: string; secret: string }>> = {
  'an API key of ours': fc.tuple(base32(26), base32(39)).map(([id, key]) => ({ text: `fl_${id}_${key}`, secret: key })),
  'a bearer token': fc
    .tuple(fc.constantFrom('Bearer ', 'bearer ', 'Authorization: Bearer ', 'authorization: '), base64url(24, 64))
    .map(([before, token]) => ({ text: before + token, secret: token })),
  'basic credentials': fc
    .tuple(password, password)
    .map(([user, word]) => Buffer.from(`${user}1:${word}`).toString('base64'))
    .map((sealed) => ({ text: `Authorization: Basic ${sealed}`, secret: sealed })),
  'a JSON Web Token': fc
    .tuple(fc.dictionary(fc.string(), fc.string()), base64url(32, 64))
    .map(([claims, signature]) => ({
      text: `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from(JSON.stringify({ sub: 1, ...claims })).toString('base64url')}.${signature}`,
      secret: signature,
    })),
  'a private key': fc
    .tuple(fc.constantFrom('', 'RSA ', 'EC ', 'ENCRYPTED ', 'OPENSSH '), base64url(48, 200))
    .map(([kind, body]) => ({
      text: `-----BEGIN ${kind}PRIVATE KEY-----\n${body}\n-----END ${kind}PRIVATE KEY-----`,
      secret: body,
    })),
  'the password of a database': fc
    .tuple(fc.constantFrom('postgres', 'postgresql', 'redis', 'rediss', 'mysql', 'amqp', 'mongodb+srv'), password)
    .map(([scheme, word]) => ({ text: `${scheme}://app:${word}q/@9@db.internal:5432/main`, secret: `${word}q/@9` })),
  'the password of a web address': password.map((word) => ({
    text: `https://app:${word}@host.example/path`,
    secret: `:${word}@`,
  })),
  'the password of a connection string': password.map((word) => ({
    text: `Host=db;Username=app;Password=${word};Database=main`,
    secret: `=${word}`,
  })),
  'a token in a query': base64url(16, 40).map((token) => ({
    text: `https://host.example/x?access_token=${token}&page=2`,
    secret: token,
  })),
  'a password in JSON text': password.map((word) => ({
    text: JSON.stringify({ user: 'app', db_password: `${word} "quoted" ${word}` }),
    secret: word,
  })),
};

describe('redaction by pattern', () => {
  it.each(Object.entries(secretTexts))('takes %s out of any text [SP-18]', (_, texts) => {
    const around = fc.string({ maxLength: 40, unit: 'grapheme' });
    fc.assert(
      fc.property(around, texts, around, (before, { text, secret }, after) => {
        const seen = redactText(`${before} ${text} ${after}`);
        expect(seen).toContain(redacted);
        // Chance may put the secret's characters into the text around it.
        if (!before.includes(secret) && !after.includes(secret)) expect(seen).not.toContain(secret);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves ordinary text alone [SP-18]', () => {
    for (const text of [
      'jira.create_issue took 12 ms',
      'bearer authentication failed: the token has expired',
      'basic understanding of tokens',
      'see https://example.com:8443/a/b@c?x=1#y and mailto:a@b.example',
      'http://127.0.0.1:7300/mcp/dev',
      'postgres://localhost:5432/main',
      'maxTokens: 500, tokens=5'.replace('tokens=5', 'tokens used: 5'),
      'task-management-service-for-everybody',
      '-----BEGIN CERTIFICATE-----',
      'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    ]) {
      expect(redactText(text)).toBe(text);
    }
  });

  it('changes nothing on a second pass [SP-18]', () => {
    fc.assert(
      fc.property(fc.oneof(...Object.values(secretTexts)), ({ text }) => {
        expect(redactText(redactText(text))).toBe(redactText(text));
      }),
    );
  });

  it('takes out known values wherever they stand [SP-18]', () => {
    const secret = 'correct horse battery staple';
    expect(redactText(`it is <${secret}>`, [secret])).toBe(`it is <${redacted}>`);
  });

  it('takes linear time on text made to stall it [SP-18]', () => {
    const size = 400_000;
    for (const part of [
      'eyJ',
      'postgres://a:',
      '://',
      '-----BEGIN ',
      'bearer ',
      'password="',
      'token=\\"',
      'fl_',
      'A',
    ]) {
      const text = part.repeat(size / part.length);
      const started = performance.now();
      redactText(text);
      // Quadratic time would be minutes.
      expect(performance.now() - started, part).toBeLessThan(5_000);
    }
  });
});

describe('redaction by key', () => {
  it('hides the value of a secret name at any depth, in any spelling [SP-18]', () => {
    const name = fc.constantFrom('password', 'API_KEY', 'x-api-key', 'Authorization', 'clientSecret', 'refresh_token');
    const value = fc.uuid();
    const path = fc.array(fc.constantFrom('a', 'b', 'list', 'error'), { maxLength: 12 });
    fc.assert(
      fc.property(path, name, value, (steps, key, secret) => {
        const nested = steps.reduceRight<unknown>(
          (inner, step) => (step === 'list' ? [inner] : { [step]: inner, n: 1 }),
          { [key]: secret, kept: 'yes' },
        );
        const seen = JSON.stringify(redactValue(nested));
        expect(seen).not.toContain(secret);
        expect(seen).toContain('"kept":"yes"');
      }),
    );
  });

  it('knows names by their endings, and cursors from tokens [SP-18]', () => {
    for (const key of ['dbPassword', 'GITHUB_TOKEN', 'set-cookie', 'AWS_SECRET_ACCESS_KEY', 'DATABASE_URL', 'otp']) {
      expect(isSecretKey(key), key).toBe(true);
    }
    for (const key of ['nextPageToken', 'progressToken', 'maxTokens', 'token_type', 'tool', 'keyId', 'author']) {
      expect(isSecretKey(key), key).toBe(false);
    }
    expect(isSecretKey('patientName', ['patient_name'])).toBe(true);
  });

  it('hides whole values but keeps a yes, a no and nothing [SP-18]', () => {
    expect(redactValue({ token: { a: 1 }, secret: 42, password: true, apiKey: null, cookie: '' })).toEqual({
      token: redacted,
      secret: redacted,
      password: true,
      apiKey: null,
      cookie: '',
    });
  });

  it('hides the value of a name and value pair [SP-18]', () => {
    expect(
      redactValue([
        { name: 'API_KEY', value: 'abc' },
        { key: 'region', value: 'eu' },
      ]),
    ).toEqual([
      { name: 'API_KEY', value: redacted },
      { key: 'region', value: 'eu' },
    ]);
  });

  it('reads maps, sets, headers, errors and their causes [SP-18]', () => {
    const error = Object.assign(new Error('no: Bearer abc123def456', { cause: { password: 'p1' } }), { token: 't1' });
    const seen = redactValue({
      map: new Map([['password', 'p2']]),
      set: new Set(['fl_0123456789abcdefghijklmnop']),
      headers: new Headers({ authorization: 'Bearer p3', accept: 'text/plain' }),
      bytes: randomBytes(5),
      at: new Date(0),
      big: 7n,
      error,
    }) as Record<string, unknown>;
    expect(seen).toMatchObject({
      map: { password: redacted },
      set: [redacted],
      headers: { authorization: redacted, accept: 'text/plain' },
      bytes: '[5 bytes]',
      at: '1970-01-01T00:00:00.000Z',
      big: '7',
      error: { type: 'Error', message: `no: Bearer ${redacted}`, token: redacted, cause: { password: redacted } },
    });
    expect(JSON.stringify(seen)).not.toMatch(/abc123def456|"p\d"|"t1"/);
  });

  it('survives cycles, depth and getters that throw, and never changes its input [SP-18]', () => {
    const cycle: Record<string, unknown> = { password: 'p' };
    cycle.self = cycle;
    expect(redactValue(cycle)).toEqual({ password: redacted, self: '[circular]' });
    expect(cycle.password).toBe('p');

    let deep: unknown = 'bottom';
    for (let i = 0; i < 10_000; i++) deep = [deep];
    expect(JSON.stringify(redactValue(deep))).toContain('[too deep]');

    const broken = { ok: 1, inner: Object.defineProperty({}, 'x', { enumerable: true, get: () => fail() }) };
    expect(redactValue(broken)).toEqual({ ok: 1, inner: '[unreadable]' });

    const shared = { a: 1 };
    expect(redactValue([shared, shared])).toEqual([{ a: 1 }, { a: 1 }]);
  });

  it('cuts long text after redaction, so that half a secret is never left [SP-18]', () => {
    const text = `${'x'.repeat(90)} Bearer ${'a1'.repeat(40)}`;
    const seen = redactValue(text, { maxText: 100 });
    expect(seen).not.toContain('a1');
    expect(seen).toContain('more)');
  });

  it('keeps JSON values as they are when nothing is secret [SP-18]', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        fc.pre(
          !/pass|pwd|secret|token|key|auth|cookie|cred|otp|url|name|bearer|basic|eyJ|:\/\//i.test(
            JSON.stringify(value),
          ),
        );
        expect(JSON.stringify(redactValue(value))).toBe(JSON.stringify(value));
      }),
    );
  });
});

function fail(): never {
  throw new Error('getter');
}
