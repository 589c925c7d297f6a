import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inheritedEnvironment, packageRoot, readEnvironment } from './environment.ts';

describe('the environment of child processes', () => {
  it('holds what is on the list and no secret of ours [SP-9]', () => {
    const env = {
      PATH: '/usr/bin',
      HOME: '/home/a',
      LANG: 'C',
      LC_ALL: 'C',
      TZ: 'UTC',
      FAIRLEAD_SECRET: 's',
      DATABASE_URL: 's',
      AWS_SECRET_ACCESS_KEY: 's',
      NODE_OPTIONS: '--inspect',
      TERM: '() { :; }',
    };
    expect(inheritedEnvironment(env, { root: '/app', windows: false })).toEqual({
      PATH: ['/app/node_modules/.bin', '/usr/bin'].join(delimiter),
      HOME: '/home/a',
      LANG: 'C',
      LC_ALL: 'C',
      TZ: 'UTC',
    });
  });

  it('finds the programs of hoisted dependencies, and works without a PATH [SP-9]', () => {
    expect(inheritedEnvironment({}, { root: '/x/node_modules/fairlead', windows: false }).PATH).toBe(
      ['/x/node_modules/fairlead/node_modules/.bin', '/x/node_modules/.bin'].join(delimiter),
    );
    expect(inheritedEnvironment(readEnvironment()).PATH?.split(delimiter)[0]).toBe(
      join(packageRoot, 'node_modules', '.bin'),
    );
  });

  it('on Windows does not depend on the case of names [SP-9]', () => {
    const env = { Path: 'C:\\bin', SystemRoot: 'C:\\Windows', Secret: 's' };
    const result = inheritedEnvironment(env, { root: '/app', windows: true });
    expect(Object.keys(result).sort()).toEqual(['PATH', 'SYSTEMROOT']);
    expect(result.PATH).toContain('C:\\bin');
  });

  it('is a copy that changes nothing elsewhere [SP-3]', () => {
    const copy = readEnvironment();
    copy.FAIRLEAD_TEST_COPY = '1';
    expect(readEnvironment().FAIRLEAD_TEST_COPY).toBeUndefined();
  });
});
