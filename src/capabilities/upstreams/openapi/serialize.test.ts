import { describe, expect, it } from 'vitest';
import type { Style } from './plan.ts';
import { headerText, pathText, queryPairs } from './serialize.ts';

// The examples of the OpenAPI specification, 4.8.12.4: one value of each kind in each style.
const text = 'blue';
const list = ['blue', 'black', 'brown'];
const object = { R: 100, G: 200, B: 150 };

describe('a query parameter', () => {
  it.each([
    ['form', false, text, 'color=blue'],
    ['form', false, list, 'color=blue,black,brown'],
    ['form', false, object, 'color=R,100,G,200,B,150'],
    ['form', true, text, 'color=blue'],
    ['form', true, list, 'color=blue&color=black&color=brown'],
    ['form', true, object, 'R=100&G=200&B=150'],
    ['spaceDelimited', false, list, 'color=blue%20black%20brown'],
    ['spaceDelimited', false, object, 'color=R%20100%20G%20200%20B%20150'],
    ['pipeDelimited', false, list, 'color=blue%7Cblack%7Cbrown'],
    ['pipeDelimited', false, object, 'color=R%7C100%7CG%7C200%7CB%7C150'],
    ['deepObject', true, object, 'color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150'],
    ['deepObject', true, { a: { b: ['c', 'd'] } }, 'color%5Ba%5D%5Bb%5D%5B0%5D=c&color%5Ba%5D%5Bb%5D%5B1%5D=d'],
    ['form', true, true, 'color=true'],
    ['form', true, [], ''],
    ['form', false, [], ''],
    ['form', false, {}, ''],
    ['form', true, null, ''],
    ['form', true, undefined, ''],
    ['form', true, [{ a: 1 }], 'color=%7B%22a%22%3A1%7D'],
    ['form', true, "a&b=c #é'()*!", 'color=a%26b%3Dc%20%23%C3%A9%27%28%29%2A%21'],
  ] as [Style, boolean, unknown, string][])('as %s, explode %s: %j is %s', (style, explode, value, expected) => {
    expect(queryPairs('color', value, { style, explode }).join('&')).toBe(expected);
  });

  it('keeps reserved characters where it may, but none that ends the value', () => {
    const how = { style: 'form', explode: true, allowReserved: true } as const;
    expect(queryPairs('u', 'a/b?c:@,;$=d&e#f+g', how)).toEqual(['u=a/b?c:@,;$=d%26e%23f%2Bg']);
  });

  it('may be JSON', () => {
    expect(queryPairs('f', { a: [1] }, { style: 'form', explode: true, json: true })).toEqual([
      'f=%7B%22a%22%3A%5B1%5D%7D',
    ]);
  });
});

describe('a path parameter', () => {
  it.each([
    ['simple', false, text, 'blue'],
    ['simple', false, list, 'blue,black,brown'],
    ['simple', false, object, 'R,100,G,200,B,150'],
    ['simple', true, object, 'R=100,G=200,B=150'],
    ['label', false, text, '.blue'],
    ['label', false, list, '.blue,black,brown'],
    ['label', true, list, '.blue.black.brown'],
    ['label', true, object, '.R=100.G=200.B=150'],
    ['matrix', false, text, ';color=blue'],
    ['matrix', false, list, ';color=blue,black,brown'],
    ['matrix', true, list, ';color=blue;color=black;color=brown'],
    ['matrix', false, object, ';color=R,100,G,200,B,150'],
    ['matrix', true, object, ';R=100;G=200;B=150'],
    ['simple', false, 'a/b?c#d%2e', 'a%2Fb%3Fc%23d%252e'],
  ] as [Style, boolean, unknown, string][])('as %s, explode %s: %j is %s', (style, explode, value, expected) => {
    expect(pathText({ argument: 'color', place: 'path', name: 'color', style, explode }, value)).toBe(expected);
  });
});

it('a header has lists and objects in one line', () => {
  expect(headerText({ style: 'simple', explode: false }, list)).toBe('blue,black,brown');
  expect(headerText({ style: 'simple', explode: true }, object)).toBe('R=100,G=200,B=150');
  expect(headerText({ style: 'simple', explode: false, json: true }, object)).toBe('{"R":100,"G":200,"B":150}');
});
