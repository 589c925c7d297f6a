export interface PlainDeps {
  /** Whether what stands under this key is secret. */
  isSecret(key: string): boolean;
  /** The text without secrets. */
  clean(text: string): string;
  maxDepth: number;
}

/** What a key says of its value, or with its value of those beside it: `{ name: 'API_KEY', value: '...' }`. */
type Meaning = 'none' | 'secret' | 'name' | 'kind';

const namesOther = /^(?:name|key|header|variable)$/i;
const rememberedKeys = 5_000;
const longestRememberedKey = 100;

/**
 * Whether a value is kept as it is, as nearly every one is: then nothing has to be copied. It may say no to one that is;
 * yes to one with anything to hide would be a leak.
 */
export function createPlainCheck({ isSecret, clean, maxDepth }: PlainDeps): (value: unknown) => boolean {
  const keys = new Map<string, Meaning>();

  const isPlainText = (text: string) => text.isWellFormed() && clean(text) === text;

  const meaningOf = (key: string): Meaning => {
    const known = keys.get(key);
    if (known !== undefined) return known;
    const secret = key === '__proto__' || isSecret(key) || !isPlainText(key);
    const meaning = secret ? 'secret' : namesOther.test(key) ? 'name' : key === 'kind' ? 'kind' : 'none';
    if (keys.size < rememberedKeys && key.length <= longestRememberedKey) keys.set(key, meaning);
    return meaning;
  };

  const isPlainList = (list: readonly unknown[], depth: number): boolean => {
    for (let at = 0; at < list.length; at++) {
      const item = list[at];
      if (!isPlain(item, depth)) return false;
      // It may name the next as a secret: `--password`, or the first of a pair.
      const names = typeof item === 'string' && at + 1 < list.length && (item.startsWith('-') || list.length === 2);
      if (names && isSecret(item)) return false;
    }
    return true;
  };

  const isPlainObject = (object: Record<string, unknown>, depth: number): boolean => {
    if ('toJSON' in object) return false;
    for (const key of Object.keys(object)) {
      const item = object[key];
      const meaning = meaningOf(key);
      if (meaning === 'secret' || !isPlain(item, depth)) return false;
      if (meaning === 'name' && typeof item === 'string' && isSecret(item)) return false;
      if (meaning === 'kind' && item === 'Secret') return false;
    }
    return true;
  };

  const isPlain = (value: unknown, depth: number): boolean => {
    switch (typeof value) {
      case 'string':
        return isPlainText(value);
      case 'number':
        return Number.isFinite(value);
      case 'boolean':
        return true;
      case 'object':
        if (value === null) return true;
        if (depth >= maxDepth) return false;
        return Array.isArray(value)
          ? isPlainList(value, depth + 1)
          : isPlainObject(value as Record<string, unknown>, depth + 1);
      default:
        return false;
    }
  };

  return (value) => isPlain(value, 0);
}
