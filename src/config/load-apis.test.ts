import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsWorld as world, yamlWorld as yaml } from '../../test/settings.ts';

describe('an API of the file', () => {
  it('is found beside the file, at its address, or stands there itself [SP-3] [CA-3]', async () => {
    const apis = [
      'beside: { openapi: ./api.yaml, baseUrl: "http://a.example/v1" }',
      'away: { openapi: "https://a.example/api.json" }',
      'inside: { openapi: { openapi: 3.1.0, paths: {} } }',
      'missing: { openapi: nowhere.yaml }',
    ];
    const { cwd, load } = world({
      'fairlead.yaml': `upstreams:\n${apis.map((api) => `  ${api}`).join('\n')}`,
      'api.yaml': '',
    });
    const { settings, warnings } = await load();
    expect(settings.upstreams).toMatchObject({
      beside: { openapi: join(cwd, 'api.yaml'), isolation: 'shared', secrets: {}, select: {} },
      away: { openapi: 'https://a.example/api.json' },
      inside: { openapi: { openapi: '3.1.0' } },
    });
    expect(warnings).toEqual(['upstreams.missing.openapi cannot be read (ENOENT)']);
  });

  it('has its faults told like any other [SP-3] [CA-3]', async () => {
    const { faults } = yaml(
      [
        'upstreams:',
        '  a: { openapi: 5 }',
        '  b: { openapi: { paths: {} } }',
        '  c: { openapi: x, baseUrl: "https://user:hunter2@a.example" }',
        '  d: { openapi: x, baseUrl: "ftp://a.example", isolation: session, selekt: {} }',
        '  e: { openapi: x, select: { tags: issues, methods: [] }, secrets: { a: 1 } }',
      ].join('\n'),
    );
    expect((await faults()).sort()).toEqual([
      'upstreams.a.openapi (line 2): must be text or a mapping of keys to values',
      'upstreams.b.openapi.openapi (line 3): is missing',
      'upstreams.c.baseUrl (line 4): must be without user, query and fragment',
      'upstreams.d.baseUrl (line 5): must be a URL that begins with http:// or https://',
      'upstreams.d.isolation (line 5): must be one of shared',
      'upstreams.d.selekt (line 5): is not a known key; did you mean "select"?',
      'upstreams.e.secrets.a (line 6): must be text',
      'upstreams.e.select.methods (line 6): is not a known key',
      'upstreams.e.select.tags (line 6): must be a list',
    ]);
  });
});
