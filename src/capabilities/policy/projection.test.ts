import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../kernel/json.ts';
import { PolicySettingsFault } from './errors.ts';
import { parseProjections, projectArguments } from './projection.ts';

function project(attributes: Record<string, string>, args: JsonObject | undefined) {
  return projectArguments(parseProjections({ 'shop.buy': attributes }), 'shop.buy', args);
}

describe('projected arguments', () => {
  it('follow JSON pointers through objects and arrays, escapes included [SP-15]', () => {
    const args = { order: { 'a/b': [{ '~': 'deep' }] }, '': 'empty' };
    expect(project({ deep: '/order/a~1b/0/~0', empty: '/' }, args).values).toEqual({ deep: 'deep', empty: 'empty' });
  });

  it('leave out what is absent, null, inherited or beyond a list [SP-15]', () => {
    const args = { none: null, list: ['a'] };
    const attributes = {
      none: '/none',
      missing: '/missing/deep',
      proto: '/constructor',
      far: '/list/01',
      end: '/list/1',
    };
    expect(project(attributes, args)).toEqual({ values: {}, cut: [], faults: [] });
    expect(project(attributes, undefined).values).toEqual({});
  });

  it('turn every value into a string unless another type is asked for, floats included [SP-15]', () => {
    const args = { float: 1.5, number: 3, flag: true, list: [1, null], object: { b: 1, a: 2 } };
    const attributes = Object.fromEntries(Object.keys(args).map((name) => [name, `/${name}`]));
    expect(project(attributes, args).values).toEqual({
      float: '1.5',
      number: '3',
      flag: 'true',
      list: '[1,null]',
      object: '{"a":2,"b":1}',
    });
  });

  it.each<[type: string, given: JsonObject[string], seen: JsonObject[string] | undefined]>([
    ['long', 12, 12],
    ['long', '-12', -12],
    ['long', -0, 0],
    ['long', 12.5, undefined],
    ['long', 2 ** 60, undefined],
    ['long', '99999999999999999', undefined],
    ['long', true, undefined],
    ['bool', false, false],
    ['bool', 'true', true],
    ['bool', 'yes', undefined],
    ['bool', 1, undefined],
    ['set', ['a', 'b', 'a', null, 1.5], ['a', 'b', '1.5']],
    ['set', 'only', ['only']],
    ['set', [], []],
  ])('read %s from %j as %j, or are at fault [SP-15]', (type, given, seen) => {
    const { values, faults } = project({ value: `${type}:/value` }, { value: given });
    if (seen === undefined) {
      expect(values).toEqual({});
      expect(faults).toEqual([`argument "value" cannot be read as ${type}`]);
    } else {
      expect(values).toEqual({ value: seen });
      expect(faults).toEqual([]);
    }
  });

  it('cut long strings and sets, say so, and stay well-formed text [SP-15]', () => {
    const long = `${'x'.repeat(4_095)}😀 and more`;
    const many = Array.from({ length: 300 }, (_, index) => `${index}`);
    const { values, cut } = project({ long: '/long', many: 'set:/many', short: '/short' }, { long, many, short: 's' });
    expect(cut).toEqual(['long', 'many']);
    expect((values.long as string).isWellFormed()).toBe(true);
    expect(values.long).toHaveLength(4_096);
    expect(values.many).toHaveLength(256);
  });

  it('belong to one tool only [SP-15]', () => {
    const projections = parseProjections({ 'shop.buy': { amount: '/amount' } });
    expect(projectArguments(projections, 'shop.sell', { amount: 1 }).values).toEqual({});
  });
});

describe('the settings of projections', () => {
  it('are refused with every fault at once [SP-15]', () => {
    const settings = {
      'shop.buy': { 'not a name': '/a', plain: 'amount', price: 'float:/price', amount: 'long:/amount' },
      'shop.sell': { amount: '/amount', __proto: '/x' },
    };
    const error = faultOf(() => parseProjections(settings));
    expect(error).toBeInstanceOf(PolicySettingsFault);
    expect((error as PolicySettingsFault).faults.map((fault) => fault.split(': ').slice(1, 3).join(' '))).toEqual([
      'shop.buy not a name',
      'shop.buy plain',
      'shop.buy price',
      'shop.sell amount',
      'shop.sell __proto',
    ]);
  });
});

function faultOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
