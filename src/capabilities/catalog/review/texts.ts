import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { visible } from './characters.ts';

/** What a text is to whoever reads the definition. */
export type Role = 'name' | 'prose' | 'parameter' | 'choice' | 'other';

export interface Text {
  path: string;
  text: string;
  role: Role;
}

export interface Texts {
  texts: Text[];
  /** Whether something was left out because there is too much of it. */
  cut: boolean;
}

const maxTextLength = 60_000;
const maxTotalLength = 400_000;
const maxTexts = 8_000;

/** Every text of a definition, keys included, with where it stands. Pictures are left out. */
export function textsOf(definition: JsonObject): Texts {
  const texts: Text[] = [];
  let left = maxTotalLength;
  let cut = false;
  const add = (path: string, text: string, role: Role) => {
    if (text === '') return;
    if (texts.length >= maxTexts || left <= 0) {
      cut = true;
      return;
    }
    const kept = text.slice(0, Math.min(maxTextLength, left));
    cut ||= kept.length < text.length;
    left -= kept.length;
    texts.push({ path, text: kept, role });
  };
  const walk = (value: Json, path: string, role: Role, namesParameters: boolean) => {
    if (typeof value === 'string') add(path, value, role);
    else if (Array.isArray(value))
      for (const [index, inner] of value.entries()) walk(inner, elementPath(path, index, inner), role, false);
    else if (isObject(value)) {
      for (const [key, inner] of Object.entries(value as JsonObject)) {
        if (key === 'icons' && path === '') continue;
        const below = keyPath(path, key);
        if (namesParameters) add(below, key, 'parameter');
        else if (!plainKey.test(key)) add(below, key, 'other');
        walk(inner, below, namesParameters ? 'other' : roleOf(key, path), key === 'properties' && !namesParameters);
      }
    }
  };
  walk(definition, '', 'other', false);
  return { texts, cut };
}

/** The path of a key within an object; odd keys are quoted, and nothing in them is hidden. */
export function keyPath(path: string, key: string): string {
  if (plainKey.test(key)) return path === '' ? key : `${path}.${key}`;
  return `${path}[${visible(JSON.stringify(key.slice(0, 200)))}]`;
}

/** The path of an array's element: by name where it has one, as the arguments of prompts do. */
export function elementPath(path: string, index: number, element: Json): string {
  const name = isObject(element) ? element.name : undefined;
  return typeof name === 'string' && plainKey.test(name) ? `${path}[${name}]` : `${path}[${index}]`;
}

const plainKey = /^[\w$-]{1,100}$/;

function roleOf(key: string, path: string): Role {
  if (key === 'description' || key === 'instructions') return 'prose';
  if (key === 'title') return path === '' ? 'name' : 'prose';
  if (key === 'name') return path === '' ? 'name' : 'parameter';
  return key === 'enum' || key === 'const' ? 'choice' : 'other';
}
