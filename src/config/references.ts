import { isObject } from '../kernel/json.ts';
import { type LookUp, nameOf, type Reference } from '../platform/secrets/reference.ts';
import { isSecretKey } from '../platform/telemetry/redaction.ts';
import type { Fault, Path } from './faults.ts';

export { codeOf } from '../platform/secrets/local.ts';

const reference = /\$(\$?)\{([a-z]+):([^{}]*)\}/g;

/** A reference, and where in the file it stands. */
export interface PlacedReference extends Reference {
  path: Path;
}

export interface Expanded {
  value: unknown;
  faults: Fault[];
  /** Files that were read, absolute. */
  files: string[];
  /** JSON texts of the paths whose whole value was a reference: text that may stand for a number. */
  whole: Set<string>;
  /** What cannot be had now, where that is no fault: a mark stands in its place. */
  unresolved: (Fault & { reference: string })[];
  /** Secrets that were put in, and where. */
  secrets: { path: Path; value: string }[];
}

/** Stands in a text where a secret could not be had: fit for a URL, a header and a name, and no use to anybody. */
export const unresolvedMark = 'unresolved.invalid';

/** All references in all texts, in the order of the file. */
export function findReferences(value: unknown): PlacedReference[] {
  const found: PlacedReference[] = [];
  walkTexts(value, [], (text, path) => {
    for (const [, doubled, kind = '', name = ''] of text.matchAll(reference))
      if (!doubled) found.push({ path, kind, name });
    return text;
  });
  return found;
}

/**
 * Puts values in the place of references, anywhere in a text. `$${` stands for itself. What was put in is not looked at
 * again.
 *
 * @param mayLack where a value that cannot be had now is no fault
 */
export function expandReferences(value: unknown, lookUp: LookUp, mayLack: (path: Path) => boolean = never): Expanded {
  const faults: Fault[] = [];
  const files: string[] = [];
  const whole = new Set<string>();
  const unresolved: Expanded['unresolved'] = [];
  const secrets: Expanded['secrets'] = [];

  const expandText = (text: string, path: Path): string => {
    const single = new RegExp(`^(?:${reference.source})$`).exec(text);
    if (single && single[1] === '') whole.add(JSON.stringify(path));
    return text.replace(reference, (all: string, doubled: string, kind: string, name: string) => {
      if (doubled) return all.slice(1);
      const found = lookUp({ kind, name });
      if (found.file !== undefined) files.push(found.file);
      if ('value' in found) {
        if (isSecretValue({ kind, name }, found.value)) secrets.push({ path, value: found.value });
        return found.value;
      }
      if (!found.away || !mayLack(path)) {
        faults.push({ path, text: found.fault });
        return '';
      }
      unresolved.push({ path, text: found.fault, reference: nameOf({ kind, name }) });
      return single ? `http://${unresolvedMark}/` : unresolvedMark;
    });
  };

  return { value: walkTexts(value, [], expandText), faults, files, whole, unresolved, secrets };
}

/** Whether what a reference stands for is to be kept from everybody: not each variable, file or field is a secret. */
export function isSecretValue({ kind, name }: Reference, value: string): boolean {
  if (kind === 'data' || value.length < 8) return false;
  const isNamedSo = isSecretKey(name);
  if (kind === 'env') return isNamedSo || looksRandom(value);
  return isNamedSo || !/^[a-z]+$/i.test(value);
}

/** As made by a machine: long, without spaces, of letters and digits. */
function looksRandom(value: string): boolean {
  return value.length >= 20 && /^[\w+/=.~-]+$/.test(value) && /\d.*\d.*\d/.test(value) && /[a-z]/i.test(value);
}

function never(): boolean {
  return false;
}

function walkTexts(item: unknown, path: Path, change: (text: string, path: Path) => string): unknown {
  if (typeof item === 'string') return item.includes('${') ? change(item, path) : item;
  if (Array.isArray(item)) return item.map((entry, index) => walkTexts(entry, [...path, index], change));
  if (isObject(item)) {
    return Object.fromEntries(
      Object.entries(item).map(([key, entry]) => [key, walkTexts(entry, [...path, key], change)]),
    );
  }
  return item;
}
