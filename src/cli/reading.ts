import { isObject, type JsonObject } from '../kernel/json.ts';
import { wrongUsage } from './errors.ts';

/** The objects of a list in a reply; none when it is no list. */
export function listIn(body: JsonObject, field: string): JsonObject[] {
  const value = body[field];
  return Array.isArray(value) ? (value.filter(isObject) as JsonObject[]) : [];
}

/** What an upstream lists and is not offered, one line each. */
export function refusalsIn(body: JsonObject): string[] {
  return listIn(body, 'refused').map(({ kind, name, reason, detail }) => {
    const what = name === '' ? String(kind) : `${kind} "${name}"`;
    return `left out: ${what} (${detail === undefined ? reason : `${reason}: ${detail}`})`;
  });
}

/** That definitions of an upstream wait to be looked at, and how that is done; nothing where none does. */
export function quarantineIn({ name, quarantined }: JsonObject): string[] {
  if (typeof quarantined !== 'number' || quarantined === 0) return [];
  const what = quarantined === 1 ? 'definition is' : 'definitions are';
  return [`${quarantined} ${what} in quarantine. Look at what it offers: npx fairlead tools review ${name}`];
}

/** The texts of a list in a reply, with commas between. */
export function textsIn(body: JsonObject, field: string): string {
  const value = body[field];
  return Array.isArray(value) ? value.map(String).join(', ') : '';
}

const unitsMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of `90s`, `15m`, `2h`, `7d` or `4w`; undefined for any other text. */
function spanOf(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  return amount === undefined || unit === undefined ? undefined : Number(amount) * (unitsMs[unit] ?? 0);
}

/** A moment in the past, in milliseconds since the epoch: `2h` ago, a date, or a time. */
export function timeOf(text: string | undefined, now: number): number | undefined {
  return text === undefined ? undefined : momentOf(text, now, -1);
}

/** The same in the future: in `30d`, a date, or a time. */
export function deadlineOf(text: string | undefined, now: number): number | undefined {
  return text === undefined ? undefined : momentOf(text, now, 1);
}

function momentOf(text: string, now: number, direction: 1 | -1): number {
  const span = spanOf(text);
  if (span !== undefined) return now + direction * span;
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw wrongUsage(`"${text}" is no time.`, 'Write 15m, 2h or 7d, a date, or a time such as 2026-03-01T12:00:00Z.');
  }
  return at;
}

/** A whole number from 1 on. */
export function countOf(text: string | undefined, name: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw wrongUsage(`${name} must be a whole number from 1 on.`);
  return count;
}

/** `1 passage`, `2 passages`. */
export function counted(count: unknown, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A list option, however often it was given. */
export function textsOf(value: string | boolean | string[] | undefined): string[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'string' ? [value] : [];
}
